// What a simulated process runs, as narrow as the simulation needs it. Types only.
import type { Log, Memory } from '../../src/mqtt/arbiter-context';
import type { Authority, ClaimHearer } from '../../src/mqtt/authority';
import type { Will } from '../../src/mqtt/transport';
import type { Random } from '../../src/protocol/clock';
import type { SimulatedTransport } from '../support/simulated-client';
import type { Machine } from './machine';
import type { ProcessShape, Shape } from './plan';

export interface ClientAsk {
  readonly clientId: string;
  readonly will?: () => Will | undefined;
  readonly reconnects?: boolean;
}

export interface RuntimeParts {
  readonly process: ProcessShape;
  readonly shape: Shape;
  /** Made anew at each start. */
  readonly instance: string;
  /** The instance before, if it is known to be dead. */
  readonly after: string | undefined;
  /** What it remembers over its lives. */
  readonly memory: Memory;
  readonly machine: Machine;
  readonly random: Random;
  readonly log: Log;
  readonly hearer: ClaimHearer;
  connect(ask: ClientAsk): SimulatedTransport;
}

/** What is asked of whoever decides about its claims. */
type Asked = 'validUntil' | 'claim' | 'update' | 'yield' | 'release' | 'keep' | 'force' | 'states';

export interface Runtime extends Pick<Authority, Asked> {
  /** Resolves when claims can be made. */
  readonly ready: Promise<void>;
  /** Whether it decides for everybody. */
  readonly isDeciding: boolean;
  /** How it is, in a few words. */
  readonly status: string;
  start(): void;
  stop(): Promise<void>;
}

export type MakeRuntime = (parts: RuntimeParts) => Runtime;
