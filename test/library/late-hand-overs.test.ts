import assert from 'node:assert/strict';
import { createLocks, LOCK_ALREADY_AQUIRED, LockError, type ResourceSnapshot } from '../../src/library';
import { ScriptedProtocol } from '../support/scripted-protocol';

/** A protocol that grants nothing, and goes on telling of hand-overs when nobody listens any more. */
class Talkative extends ScriptedProtocol {
  readonly told: ((state: ResourceSnapshot) => void)[] = [];

  override watch(_pattern?: string, listener?: (state: ResourceSnapshot) => void): () => void {
    if (listener !== undefined) this.told.push(listener);
    return () => undefined;
  }
}

describe('hand-overs that are told too late', () => {
  it('deny a wait only once', async () => {
    const protocol = new Talkative();
    protocol.outcome = new Promise(() => undefined);
    const released: string[] = [];
    protocol.onRelease = (how) => released.push(how);
    const waiting = createLocks(protocol).acquire('lights', 'me', { maxAttempts: 2 });
    const rejection = assert.rejects(
      waiting,
      (error) => error instanceof LockError && error.code === LOCK_ALREADY_AQUIRED,
    );
    const state = { resource: 'lights', state: 'held', priority: 1, expires: Infinity } as const;
    const more = { value: undefined, since: 0, waiting: [], waitingCount: 1 };
    for (const token of [1, 2, 3, 4]) {
      for (const tell of protocol.told) tell({ ...state, ...more, holder: `holder ${token}`, token });
    }
    await rejection;
    assert.deepEqual(released, ['release']);
  });
});
