// A state that only locks guard, and all that processes have believed and done, for a test to judge: no two may ever have
// believed in a lock of the same resource, and no change that was made under the present lock may be lost.
import type { Belief, Question } from './fault-messages';

/** How long a process has believed in one lock, at least, by the clock of the machine. */
interface Span {
  readonly process: string;
  readonly token: number;
  from: number;
  to: number;
}

interface Guarded {
  marks: readonly string[];
  /** The greatest token that was seen here. */
  token: number;
  /** Every change that was taken. */
  readonly taken: string[];
}

/** A history that is wrong is wrong in many places. */
const MOST_FAULTS = 5;

export class FaultHistory {
  readonly #spans = new Map<string, Map<number, Span>>();
  readonly #guarded = new Map<string, Guarded>();
  readonly #faults: string[] = [];

  /** It surely held between the end of the first look and the beginning of the last one. */
  believed(process: string, { resource, token, before, after }: Belief): void {
    const spans = this.#spans.get(resource) ?? new Map<number, Span>();
    this.#spans.set(resource, spans);
    const span = spans.get(token);
    if (span === undefined) {
      spans.set(token, { process, token, from: after, to: before });
    } else if (span.process === process) {
      // Also for a second lock, where the release of the first one came later: that is re-entrance.
      span.from = Math.min(span.from, after);
      span.to = Math.max(span.to, before);
    } else {
      this.#faults.push(`${span.process} had the token ${token} of ${resource}, and then ${process} again`);
    }
  }

  /** What the state answers: as a device does, nothing to who has a smaller token than it has seen. */
  answer({ is, resource, token, marks }: Question): readonly string[] | undefined {
    const guarded = this.#guarded.get(resource) ?? { marks: [], token: 0, taken: [] };
    this.#guarded.set(resource, guarded);
    if (token < guarded.token) return undefined;
    guarded.token = token;
    if (is === 'write') {
      guarded.marks = marks;
      guarded.taken.push(marks.at(-1) ?? '');
    }
    return guarded.marks;
  }

  /** What must not have happened, in words; all is well where nothing is there. */
  faults(): readonly string[] {
    return [...this.#faults, ...this.#overlaps(), ...this.#lostChanges()].slice(0, MOST_FAULTS);
  }

  #overlaps(): readonly string[] {
    const found: string[] = [];
    for (const [resource, spans] of this.#spans) {
      let last: Span | undefined;
      for (const span of [...spans.values()].sort((one, other) => one.from - other.from)) {
        if (last !== undefined && span.from < last.to) found.push(`${resource}: ${both(last, span)}`);
        if (last !== undefined && span.token < last.token)
          found.push(`${resource}: the token fell from ${last.token} to ${span.token}`);
        if (last === undefined || span.to > last.to) last = span;
      }
    }
    return found;
  }

  #lostChanges(): readonly string[] {
    return [...this.#guarded].flatMap(([resource, { marks, taken }]) => {
      const there = new Set(marks);
      return taken.filter((mark) => !there.has(mark)).map((mark) => `${resource}: ${mark} was lost`);
    });
  }
}

function both(one: Span, other: Span): string {
  const show = ({ process, token, from, to }: Span) => `${process} (${token}) from ${from} to ${to}`;
  return `${show(one)}, and ${show(other)}`;
}
