// What every place where locks live must do, whoever has written it: `describeProtocol` is run on each.
import type { LockingProtocol } from '../../src/protocol';
import { describeHolding } from './holding';
import { describeLeases } from './leases';
import { describePreemption } from './preemption';
import { describeSeveral } from './several';
import { describeWaiting } from './waiting';
import { describeWatching } from './watching';

export interface ProtocolUnderTest {
  readonly protocol: LockingProtocol;
  /** Lets this many ms pass for the protocol, with everything that happens meanwhile. */
  pass(ms: number): Promise<void>;
  /** Ends it; nothing of it may be left behind. */
  stop(): Promise<void>;
}

export interface ProtocolAbilities {
  /** It grants several resources in one step; else it denies them as `unsupported`. Default `true`. */
  readonly several?: boolean;
  /** It finds circles of claims that name what they keep. Default `true`. */
  readonly deadlocks?: boolean;
}

/** A protocol to test, and the abilities that it says it has. */
export type Subject = () => ProtocolUnderTest;

/** Holds a protocol to its rules. `create` makes a fresh one for each test. */
export function describeProtocol(
  name: string,
  create: () => ProtocolUnderTest | Promise<ProtocolUnderTest>,
  { several = true, deadlocks = true }: ProtocolAbilities = {},
): void {
  describe(`${name} keeps the rules of a locking protocol`, () => {
    let current: ProtocolUnderTest | undefined;
    const subject = (): ProtocolUnderTest => {
      if (current === undefined) throw new Error('no test is running');
      return current;
    };

    beforeEach(async () => {
      current = await create();
    });

    afterEach(async () => {
      await subject().stop();
      current = undefined;
    });

    describeHolding(subject);
    describeWaiting(subject);
    describePreemption(subject);
    describeLeases(subject);
    describeSeveral(subject, { several, deadlocks });
    describeWatching(subject);
  });
}
