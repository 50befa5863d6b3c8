// A protocol that does what a test says: it grants everything, and tells its holder whatever the test wants it to hear.
import {
  type Claim,
  type ClaimListener,
  createLocks,
  type Denied,
  type Granted,
  type Lock,
  type LockingProtocol,
  type Notice,
  type Outcome,
  type ResourceSnapshot,
} from '../../src/library';
import { HandClock } from './hand-clock';

export class ScriptedProtocol implements LockingProtocol {
  readonly clock = new HandClock();
  /** What release and extend answer; granted if there is none. */
  denial: Denied | undefined;
  onRelease: (how: 'release' | 'yield') => void = () => undefined;
  /** What each obtain is answered; default: granted. */
  outcome: Outcome | Promise<Outcome> = { type: 'granted', token: 1, expires: Infinity };
  readonly claims: Claim[] = [];
  /** Whoever watches; none is ever stopped. */
  readonly watchers: ((state: ResourceSnapshot) => void)[] = [];
  #listener: ClaimListener | undefined;

  /** Acquires a lock whose grant has these properties besides. */
  acquire(resource: string, locker: string, grant: Partial<Granted> = {}): Promise<Lock> {
    this.outcome = { type: 'granted', token: 1, expires: Infinity, ...grant };
    return createLocks(this).acquire(resource, locker);
  }

  /** Tells whoever listens last. */
  tell(notice: Notice): void {
    this.#listener?.hear(notice);
  }

  obtain(claim: Claim): Outcome | Promise<Outcome> {
    this.claims.push(claim);
    return this.outcome;
  }

  release(_claim: Claim, how: 'release' | 'yield'): Promise<Denied | undefined> {
    this.onRelease(how);
    return Promise.resolve(this.denial);
  }

  async extend(): Promise<Outcome> {
    return this.denial ?? { type: 'granted', token: 1, expires: Infinity };
  }

  listen(_claim: Claim, listener: ClaimListener): void {
    this.#listener = listener;
  }

  watch(_pattern: string, listener: (state: ResourceSnapshot) => void): () => void {
    this.watchers.push(listener);
    return () => undefined;
  }
}
