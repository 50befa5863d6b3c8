// Flows with our nodes, as short as a test wants to write them.
import type { FlowNode } from './node-red';

export type Nodes = FlowNode | readonly FlowNode[];
export type Change = Readonly<Record<string, unknown>>;

export const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'House' };
const REGISTRY: FlowNode = { id: 'registry', type: 'lock-registry', name: '' };

/** A flow with a registry, these nodes, and what catches, completes and shows statuses of all of them. */
export function flowOf(...nodes: readonly Nodes[]): readonly FlowNode[] {
  const all = nodes.flat();
  const scope = all.filter(({ type }) => type !== 'helper').map(({ id }) => id);
  return [
    TAB,
    REGISTRY,
    ...all,
    { id: 'catch', type: 'catch', z: 'tab', scope: null, uncaught: false, wires: [['errors']], x: 0, y: 0 },
    {
      id: 'complete',
      type: 'complete',
      z: 'tab',
      scope,
      uncaught: false,
      wires: [['completed']],
      x: 0,
      y: 0,
    },
    helper('errors'),
    helper('completed'),
  ];
}

/** An acquire node, with a helper for each output: `<id>.1` to `<id>.4`. */
export function acquire(id: string, change: Change = {}): readonly FlowNode[] {
  const outputs = [1, 2, 3, 4].map((output) => `${id}.${output}`);
  const z = String(change.z ?? 'tab');
  return [
    {
      id,
      type: 'acquire',
      z,
      name: `${id} node`,
      registry: 'registry',
      resources: [{ v: 'lamp', t: 'str' }],
      level: '0',
      levelType: 'num',
      value: '',
      valueType: 'none',
      ttl: '',
      ttlType: 'none',
      ttlUnit: 's',
      whenLost: 'wait',
      whenTaken: 'wait',
      timeout: '10',
      timeoutUnit: 's',
      further: 'renew',
      owner: '',
      grace: '',
      graceUnit: 's',
      several: 'together',
      restarts: 'auto',
      announce: true,
      override: false,
      maxAttempts: '',
      x: 0,
      y: 0,
      wires: outputs.map((output) => [output]),
      ...change,
    },
    ...outputs.map((output) => helper(output, z)),
  ];
}

/** Another of our nodes, with a helper for each output: `<id>.1` and so on. */
export function node(
  type: string,
  id: string,
  outputCount: number,
  change: Change = {},
): readonly FlowNode[] {
  const outputs = Array.from({ length: outputCount }, (_, index) => `${id}.${index + 1}`);
  const z = String(change.z ?? 'tab');
  return [
    {
      id,
      type,
      z,
      name: '',
      registry: 'registry',
      x: 0,
      y: 0,
      wires: outputs.map((output) => [output]),
      ...change,
    },
    ...outputs.map((output) => helper(output, z)),
  ];
}

export function helper(id: string, z = 'tab'): FlowNode {
  return { id, type: 'helper', z, x: 0, y: 0, wires: [] };
}

export function resources(...names: readonly string[]): Change {
  return { resources: names.map((v) => ({ v, t: 'str' })) };
}

/** A lease of so many seconds. */
export function lease(seconds: number): Change {
  return { ttl: String(seconds), ttlType: 'num', ttlUnit: 's' };
}

export function level(priority: number): Change {
  return { level: String(priority), levelType: 'num' };
}

export function value(text: string): Change {
  return { value: text, valueType: 'str' };
}
