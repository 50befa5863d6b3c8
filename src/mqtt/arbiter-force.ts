// Ends others' holds, and clears what dead claims have left, for operators whom the policy lets. All of it is audited.
import type { Audit, Entry } from './arbiter-audit';
import type { Complaints } from './arbiter-complaints';
import type { Context } from './arbiter-context';
import type { Decider } from './arbiter-decider';
import type { DeadClaim, Graves } from './arbiter-graves';
import type { Publisher } from './arbiter-publisher';
import type { Refusal } from './arbiter-wish';
import { readForce } from './read-message';

export interface ForceParts {
  readonly context: Context;
  readonly decider: Decider;
  /** `undefined` where there is no broker. */
  readonly publisher: Publisher | undefined;
  readonly graves: Graves;
  readonly complaints: Complaints;
  readonly audit: Audit;
}

/** Who does it, and to what. */
export interface Operation {
  readonly requester: string;
  readonly resource: string;
  /** Whom others are told as the cause. */
  readonly by: string;
}

export class Force {
  readonly #parts: ForceParts;

  constructor(parts: ForceParts) {
    this.#parts = parts;
  }

  /** Acts on a message of an operator; one that a broker replays is of another day. */
  heard(requester: string, resource: string, payload: Uint8Array, isReplayed: boolean): void {
    if (isReplayed || payload.length === 0) return;
    const { context, decider } = this.#parts;
    const operation: Operation = { requester, resource, by: requester };
    const { message, error } = readForce(payload);
    if (error !== undefined) {
      this.#refuse(operation, { reason: 'malformed', detail: error.text });
    } else if (!context.rules.policy.mayForce(requester, resource)) {
      this.#refuse(
        operation,
        {
          reason: 'policy',
          detail: `no rule lets ${requester} end the hold of ${resource}`,
        },
        message.token,
      );
    } else if (message.purge === true) {
      this.purge(operation, this.#deadOn(resource));
    } else {
      decider.catchUp();
      this.end(operation, message.token);
    }
  }

  /** Ends the whole hold that has this token; gives back why not. */
  end(operation: Operation, token: number): Refusal | undefined {
    const refusal = this.#parts.decider.force(operation.resource, token, operation.by);
    if (refusal === undefined) this.#audit(operation, { event: 'forced', token });
    else this.#refuse(operation, refusal, token);
    return refusal;
  }

  /** Has the broker forget claims that ended, and the answers to them. */
  purge(operation: Operation, dead: readonly DeadClaim[]): void {
    const { publisher, graves } = this.#parts;
    for (const { requester, name } of dead) {
      if (!graves.remove(requester, name)) continue;
      publisher?.purge(requester, name);
      this.#audit(operation, { event: 'purged', name });
    }
  }

  #deadOn(resource: string): readonly DeadClaim[] {
    return this.#parts.graves.all().filter(({ answer }) => answer.resources.includes(resource));
  }

  #refuse(operation: Operation, { reason, detail }: Refusal, token?: number): void {
    const { complaints } = this.#parts;
    const { requester, resource } = operation;
    complaints.warn(
      `force ${requester} ${resource}`,
      `${requester} cannot end the hold of ${resource}: ${detail}`,
    );
    this.#audit(operation, { event: 'force-denied', reason, detail, ...(token !== undefined && { token }) });
  }

  #audit({ requester, resource, by }: Operation, what: Pick<Entry, 'event'> & Partial<Entry>): void {
    this.#parts.audit.note({ resources: [resource], locker: by, requester, ...what });
  }
}
