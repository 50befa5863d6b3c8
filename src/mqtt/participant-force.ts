// Ends the holds of others, as operators may: asked for on a topic, decided by the arbiter, its outcome heard in the audit
// stream, or seen in the state of the resource.
import type { Timer } from '../protocol';
import type { Refusal } from './arbiter-wish';
import type { AuditEvent } from './messages';
import type { ParticipantContext } from './participant-context';
import type { Mirror } from './participant-mirror';
import type { Transport } from './transport';

/** How long an outcome is waited for. */
const LONGEST_WAIT = 5_000;

interface Pending {
  readonly resource: string;
  readonly token: number;
  readonly settle: (refusal: Refusal | undefined) => void;
}

/** The audit stream is heard until `stop`; `begun` resolves when it is. */
export interface Hearing {
  readonly begun: Promise<void>;
  readonly stop: () => void;
}

export interface ForceParts {
  readonly context: ParticipantContext;
  readonly talk: Transport;
  readonly mirror: Mirror;
  readonly hearEvents: () => Hearing;
}

export class ParticipantForce {
  readonly #parts: ForceParts;
  readonly #pending = new Set<Pending>();

  constructor(parts: ForceParts) {
    this.#parts = parts;
  }

  /** Ends the whole hold that has this token; resolves to why not. */
  end(resource: string, token: number): Promise<Refusal | undefined> {
    const { context, talk, mirror, hearEvents } = this.#parts;
    const { clock, topics, requester } = context;
    return new Promise((resolve) => {
      const hearing = hearEvents();
      const stopWatching = mirror.onState((changed) => this.#seen(changed));
      const timer: Timer = clock.setTimer(LONGEST_WAIT, () => settle(unavailable('nobody has answered')));
      const settle = (refusal: Refusal | undefined) => {
        this.#pending.delete(pending);
        timer.cancel();
        stopWatching();
        hearing.stop();
        resolve(refusal);
      };
      const pending = { resource, token, settle };
      this.#pending.add(pending);
      const topic = topics.force(requester, resource);
      hearing.begun
        .then(() => talk.publish(topic, JSON.stringify({ token }), { qos: 1, retain: false }))
        .catch((error: unknown) => settle(unavailable(`it could not be asked for: ${error}`)));
    });
  }

  /** A line of the audit stream. */
  heard({ event, resources, requester, token, reason, detail = '' }: AuditEvent): void {
    if (requester !== this.#parts.context.requester) return;
    for (const pending of [...this.#pending]) {
      if (!resources.includes(pending.resource)) continue;
      // What cannot be read is refused without a token.
      if (token !== undefined && token !== pending.token) continue;
      if (event === 'forced') pending.settle(undefined);
      else if (event === 'force-denied') pending.settle({ reason: reason ?? 'unavailable', detail });
    }
  }

  stop(): void {
    for (const { settle } of [...this.#pending]) settle(unavailable('stopping'));
  }

  /** The hold that the operator saw is there no longer, whoever told of it. */
  #seen(resource: string): void {
    for (const pending of [...this.#pending]) {
      if (pending.resource !== resource) continue;
      if (this.#parts.mirror.of(resource).token !== pending.token) pending.settle(undefined);
    }
  }
}

function unavailable(detail: string): Refusal {
  return { reason: 'unavailable', detail };
}
