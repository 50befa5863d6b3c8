// Follows each claim through the events alone, and fails at an event that cannot be true of it.
import assert from 'node:assert/strict';
import type {
  By,
  ClaimCommand,
  ClaimView,
  Command,
  DenialReason,
  LockEvent,
  LossReason,
} from '../../src/core';
import { innerSteps } from './core-compare';

interface Fate {
  state: 'waiting' | 'held' | 'revoking';
  priority: number;
  readonly preempt: boolean;
  readonly standing: boolean;
  /** How long it may wind down, in ms. */
  readonly windDown: number;
}

/** Denials of a claim that had been accepted; the others refuse it at the door. */
const ENDINGS: ReadonlySet<DenialReason> = new Set(['timeout', 'deadlock', 'expired', 'session']);

export class Fates {
  readonly #live = new Map<string, Fate>();
  /** Granted in the inner step at hand. */
  #grantedNow = new Set<string>();
  #command: Command = { type: 'tick' };

  /** Follows what one call of `apply` answered. */
  record(command: Command, events: readonly LockEvent[]): void {
    const steps = innerSteps(events);
    steps.forEach((step, i) => {
      this.#command = i === steps.length - 1 ? command : { type: 'tick' };
      this.#grantedNow = new Set();
      this.#noteUpdate(step);
      for (const event of step) this.#follow(event);
    });
  }

  /** Fails unless exactly the claims that are followed are there, each in its state. */
  compare(views: readonly ClaimView[]): void {
    const seen = views.map(({ id, state, revoking }) => [id, revoking ? 'revoking' : state]);
    const told = [...this.#live].map(([id, { state }]) => [id, state]);
    assert.deepEqual(new Map(seen as [string, string][]), new Map(told as [string, string][]));
    assert.equal(seen.length, told.length, 'a claim is in exactly one of waiting, held, ended');
  }

  #noteUpdate(step: readonly LockEvent[]): void {
    if (this.#command.type !== 'update') return;
    const fate = this.#live.get(this.#command.id);
    const refused = step.some((event) => event.type === 'denied' && event.command === 'update');
    if (fate && !refused) fate.priority = this.#command.priority ?? fate.priority;
  }

  #follow(event: LockEvent): void {
    switch (event.type) {
      case 'granted':
        if (event.repeated) this.#expect(event.id, 'held');
        else this.#grant(event.id);
        break;
      case 'queued':
        if (event.repeated) this.#expect(event.id, 'waiting');
        else this.#arrive(event.id);
        break;
      case 'denied':
        if (event.command === 'claim') this.#deny(event.id, event.reason);
        break;
      case 'revoking':
        if (event.repeated) this.#expect(event.id, 'revoking');
        else this.#revoke(event.id, event.by);
        break;
      case 'lost':
        this.#lose(event.id, event.reason, event.by);
        break;
      case 'requeued':
        this.#requeue(event.id, event.by);
        break;
      case 'released':
        assert.ok(this.#live.delete(event.id), `only a live claim is released: ${event.id}`);
        break;
      case 'changed':
        break;
    }
  }

  #expect(id: string, ...states: Fate['state'][]): void {
    const fate = this.#live.get(id);
    assert.ok(
      fate && states.includes(fate.state),
      `${id} is ${fate?.state ?? 'over'}, not ${states.join(' or ')}`,
    );
  }

  #arrive(id: string): void {
    const newcomer = this.#newcomer(id);
    assert.ok(newcomer && !this.#live.has(id), `only a new claim is queued: ${id}`);
    this.#live.set(id, newcomer);
  }

  #grant(id: string): void {
    if (!this.#live.has(id)) this.#arrive(id);
    this.#expect(id, 'waiting');
    this.#set(id, 'held');
    this.#grantedNow.add(id);
  }

  #deny(id: string, reason: DenialReason): void {
    if (!ENDINGS.has(reason)) {
      assert.ok(!this.#live.has(id), `a live claim is not refused: ${id}`);
      return;
    }
    if (!this.#live.has(id)) this.#arrive(id);
    this.#expect(id, 'waiting');
    this.#live.delete(id);
  }

  #revoke(id: string, by: By): void {
    this.#expect(id, 'held');
    this.#mayBePreempted(id, by, true);
    this.#set(id, 'revoking');
  }

  #lose(id: string, reason: LossReason, by: By | undefined): void {
    this.#expect(id, 'held', 'revoking');
    if (reason === 'preempted') {
      assert.ok(by, `a preemption names who did it: ${id}`);
      this.#mayBePreempted(id, by);
      assert.ok(!this.#live.get(id)?.standing, `a standing claim is requeued, not lost: ${id}`);
    }
    this.#live.delete(id);
  }

  #requeue(id: string, by: By): void {
    this.#expect(id, 'held', 'revoking');
    this.#mayBePreempted(id, by);
    assert.ok(this.#live.get(id)?.standing, `only a standing claim is requeued: ${id}`);
    this.#set(id, 'waiting');
  }

  /** The end of a revocation names who began it, and that may be long over; a fresh preemption is checked. */
  #mayBePreempted(id: string, by: By, windsDown = false): void {
    assert.ok(!this.#grantedNow.has(id), `nothing is granted and lost in one inner step: ${id}`);
    const fate = this.#live.get(id);
    if (fate?.state !== 'held') return;
    assert.ok(windsDown === fate.windDown > 0, `only with a time to wind down is it revoked: ${id}`);
    const winner = this.#live.get(by.id ?? '') ?? this.#newcomer(by.id ?? '');
    assert.ok(winner, `who preempts ${id} is there: ${by.id}`);
    assert.ok(winner.preempt, `a polite claim takes nothing: ${by.id} from ${id}`);
    assert.equal(by.priority, winner.priority);
    assert.ok(winner.priority > fate.priority, `only a strictly higher claim preempts: ${by.id}, ${id}`);
  }

  #set(id: string, state: Fate['state']): void {
    const fate = this.#live.get(id);
    if (fate) fate.state = state;
  }

  /** The claim that the command at hand makes, if it makes this one. */
  #newcomer(id: string): Fate | undefined {
    const command = this.#command;
    return command.type === 'claim' && command.id === id ? fateOf(command) : undefined;
  }
}

function fateOf(claim: ClaimCommand): Fate {
  const { priority = 0, preempt = true, standing = false, grace = 0, handover = 0 } = claim;
  return { state: 'waiting', priority, preempt, standing, windDown: Math.max(grace, handover) };
}
