// What a simulated process runs, as narrow as the simulation needs it. Types only.
import type { Log } from '../../src/mqtt/arbiter-context';
import type { OwnAsk, OwnChange } from '../../src/mqtt/arbiter-own';
import type { Refusal } from '../../src/mqtt/arbiter-wish';
import type { AuthorityClaim, ClaimHearer } from '../../src/mqtt/authority';
import type { ResourceState } from '../../src/mqtt/messages';
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
  readonly machine: Machine;
  readonly random: Random;
  readonly log: Log;
  readonly hearer: ClaimHearer;
  connect(ask: ClientAsk): SimulatedTransport;
}

export interface Runtime {
  /** Resolves when claims can be made. */
  readonly ready: Promise<void>;
  /** Monotonic ms until which holds may be believed in. */
  readonly validUntil: number;
  /** Whether it decides for everybody. */
  readonly isDeciding: boolean;
  /** How it is, in a few words. */
  readonly status: string;
  start(): void;
  stop(): Promise<void>;
  claim(ask: OwnAsk): AuthorityClaim | Refusal;
  update(claim: AuthorityClaim, change: OwnChange): void;
  yield(claim: AuthorityClaim): void;
  release(claim: AuthorityClaim): void;
  keep(claim: AuthorityClaim, isKept: boolean): void;
  force(resource: string, token: number, by: string): Promise<Refusal | undefined>;
  states(): Iterable<ResourceState>;
}

export type MakeRuntime = (parts: RuntimeParts) => Runtime;
