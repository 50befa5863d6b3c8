// Run by a test as a process of its own, to be killed: a registry, and the claims of its nodes. It is told what to do by
// lines of JSON on its standard input, and answers each with one. It closes when that ends.
import { createInterface } from 'node:readline';
import type { ClaimMessage } from '../../src/mqtt/messages';
import { openRegistry } from '../../src/registry/open';
import type { RegistryClaim, RegistrySettings } from '../../src/registry/registry';

export type Order =
  | { readonly do: 'claim'; readonly path: string; readonly message: ClaimMessage; readonly keep: boolean }
  | { readonly do: 'report' }
  | { readonly do: 'release'; readonly path: string };

/** A claim of a node, as the process has it. */
export interface ClaimReport {
  readonly id: string;
  readonly state: string;
  readonly restored: boolean;
  readonly expires: number | null;
  readonly value: unknown;
}

const KEY = 'key';
const paths = ['motion', 'energy', 'passing'];

async function run(settings: RegistrySettings, timing: { readonly beat?: number }): Promise<void> {
  const log = { info: () => undefined, warn: (text: string) => console.error(text) };
  const registry = openRegistry(settings, { log, timing });
  await registry.ready;
  say(registry.status);
  const report = () =>
    Object.fromEntries(
      paths.map((path) => {
        const claim = registry.owner(path).claims.get(KEY);
        return [path, claim && describeClaim(claim)];
      }),
    );
  for await (const line of createInterface(process.stdin)) {
    const order = JSON.parse(line) as Order;
    if (order.do === 'claim') registry.owner(order.path).claim(KEY, order.message, { keep: order.keep });
    if (order.do === 'release') registry.owner(order.path).claims.get(KEY)?.release();
    say(report());
  }
  await registry.close({ now: true });
}

function describeClaim({ id, state, restored, expires, message }: RegistryClaim): ClaimReport {
  return { id, state, restored, expires: Number.isFinite(expires) ? expires : null, value: message.value };
}

function say(what: unknown): void {
  console.log(JSON.stringify(what));
}

void run(JSON.parse(process.argv[2] ?? '{}') as RegistrySettings, JSON.parse(process.argv[3] ?? '{}'));
