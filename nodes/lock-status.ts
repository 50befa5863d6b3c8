// The node lock-status: who holds a resource, what it should be, and who waits, when asked and when that changes.
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { systemClock } from '../src/protocol';
import type { Registry } from '../src/registry/registry';
import { type Content, Sent } from './lock-status/reports';
import { type StatusConfig, toPattern, whenAllRuns } from './lock-status/settings';
import { Watcher } from './lock-status/watcher';
import { Kept } from './shared/kept';
import { toError } from './shared/node-error';
import { pathOf } from './shared/node-place';
import { presentSettings } from './shared/present-settings';
import { findRegistry, noRegistry } from './shared/registry-node';
import { isConstant, type Reader, reader } from './shared/setting';
import { StatusLine, status, translator } from './shared/status-text';

/** What a node has sent, as long as it is of the same registry and kind. */
interface Memory {
  readonly registry: Registry;
  readonly content: Content;
  readonly sent: Sent;
}

const kept = new Kept<Memory>(() => undefined);

export = (RED: NodeAPI): void => {
  function LockStatusNode(this: Node, stored: StatusConfig): void {
    RED.nodes.createNode(this, stored);
    const config = presentSettings(RED, this, stored);
    const earlier = kept.take(pathOf(this));
    try {
      const registry = findRegistry(RED, config.registry);
      if (registry === undefined) throw noRegistry(RED);
      run(RED, this, config, memoryOf(config, registry, earlier));
    } catch (error) {
      this.status(status('red', 'ring', RED._('lock-status.status.misconfigured')));
      this.error(error);
      this.on('input', (_msg, _send, done) => done(toError(error)));
    }
  }

  RED.nodes.registerType('lock-status', LockStatusNode);
};

function memoryOf(config: StatusConfig, registry: Registry, earlier: Memory | undefined): Memory {
  const content = config.content || 'state';
  const isSame = earlier?.registry === registry && earlier.content === content;
  return isSame ? earlier : { registry, content, sent: new Sent() };
}

function run(RED: NodeAPI, node: Node, config: StatusConfig, memory: Memory): void {
  const setting = { type: config.resourceType || 'str', text: config.resource };
  const read = reader(RED, node, setting, 'the resource');
  const pattern = isConstant(setting) ? toPattern(read({})) : undefined;
  const t = translator((key, values) => RED._(key, values));
  const line = new StatusLine((shown) => node.status(shown));
  const watcher = new Watcher({
    ...memory,
    clock: systemClock,
    t,
    send: (msg) => node.send(msg),
    show: (shown) => line.show(shown),
  });
  line.show(status('yellow', 'ring', t('lock-status.status.starting')));
  const callOff = whenAllRuns(RED.events, memory.registry, () => {
    watcher.follow(pattern, config.onChange !== false);
  });
  node.on('input', (msg, send, done) => {
    answer(RED, watcher, memory.registry, read, msg, send).then(
      () => done(),
      (error: unknown) => done(toError(error)),
    );
  });
  node.on('close', (removed: boolean, done: () => void) => {
    callOff();
    watcher.stop();
    if (!removed) kept.leave(pathOf(node), memory, RED.events);
    done();
  });
}

async function answer(
  RED: NodeAPI,
  watcher: Watcher,
  registry: Registry,
  read: Reader,
  msg: NodeMessage,
  send: (msg: NodeMessage[][]) => void,
): Promise<void> {
  const pattern = toPattern(await read(msg));
  await registry.ready;
  const answers = watcher.answer(pattern, msg, () => RED.util.cloneMessage(msg), RED.util.generateId());
  if (answers.length > 0) send([[...answers]]);
}
