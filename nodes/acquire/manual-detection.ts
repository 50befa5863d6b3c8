// Tells a hand on the switch from the echo of an automation: only a report that differs from the value in charge counts,
// and only when that value has been the same for a while.
import type { Json } from '../../src/core';
import type { ResourceState } from '../../src/mqtt/messages';
import { patternOf, type Timer } from '../../src/protocol';
import type { Registry } from '../../src/registry/registry';
import type { Errand } from './errand';
import { compareStates, mergeReports } from './reported-state';

/** A message with what it reports, and the resources of each of its claims. */
export interface Report {
  readonly errand: Errand;
  readonly claims: readonly (readonly string[])[];
  readonly reported: Json | undefined;
  /** How long echoes may come after the value or its holder has changed. */
  readonly settleMs: number;
}

/** Called with the claims that a hand has changed the resources of. */
export type Counted = (claims: Report['claims']) => void;

export type Verdict =
  | 'hand' // somebody wants it otherwise
  | 'settling' // differs, but it is too early to say why
  | 'echo'
  | 'undecided';

/** The stronger ones first: what one resource of a claim says goes for the claim. */
const BY_STRENGTH: readonly Verdict[] = ['hand', 'settling', 'echo', 'undecided'];

/** A node that is told of more resources than this forgets those it was told of first. */
const MOST_RESOURCES = 10_000;

/** What is known of a resource since a report, or the settings, have named it. */
interface Followed {
  readonly stop: () => void;
  /** The hold and its value as they were when they changed last, and when that was (monotonic ms). */
  spelled: string;
  changedAt: number;
  /** What was reported before, all parts of it. */
  reported: Json | undefined;
}

/**
 * What a report says where `before` was reported before. Without a value in charge, only a change of a free resource is a
 * hand: what holds it without a value may itself have caused the change.
 */
export function judge(
  { state, value }: Pick<ResourceState, 'state' | 'value'>,
  reported: Json,
  before: Json | undefined,
  isSettled: boolean,
): Verdict {
  if (value === undefined) {
    if (state !== 'free' || !isSettled) return 'undecided';
    return compareStates(before, reported) === 'differs' ? 'hand' : 'undecided';
  }
  const comparison = compareStates(value, reported);
  if (comparison === 'differs') return isSettled ? 'hand' : 'settling';
  return comparison === 'same' ? 'echo' : 'undecided';
}

export class ManualDetection {
  readonly #registry: Registry;
  readonly #followed = new Map<string, Followed>();
  /** Messages that wait until the resource has settled, by what they are about. */
  readonly #kept = new Map<string, { readonly errand: Errand; readonly timer: Timer }>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Notices from now on when these change. */
  follow(resources: readonly string[]): void {
    for (const resource of resources) this.#follow(resource);
  }

  /** Ends the message unless it counts. One that comes too early is looked at again later, unless a newer one says more. */
  sift(report: Report, counted: Counted): void {
    const { claims, errand } = report;
    const verdicts = claims.map((resources) => this.#judgeClaim(report, resources, true));
    if (verdicts.every((verdict) => verdict === 'undecided')) errand.finish();
    else {
      this.#drop(keyOf(report));
      this.#decide(report, verdicts, counted);
    }
  }

  /** Ends the messages that wait. */
  closeErrands(): void {
    for (const { errand, timer } of this.#kept.values()) {
      timer.cancel();
      errand.close();
    }
    this.#kept.clear();
  }

  stop(): void {
    this.closeErrands();
    for (const { stop } of this.#followed.values()) stop();
    this.#followed.clear();
  }

  #decide(report: Report, verdicts: readonly Verdict[], counted: Counted): void {
    if (verdicts.includes('settling')) {
      this.#keep(report, counted);
      return;
    }
    const hands = report.claims.filter((_, index) => verdicts[index] === 'hand');
    if (hands.length > 0) counted(hands);
    else report.errand.finish();
  }

  #keep(report: Report, counted: Counted): void {
    const key = keyOf(report);
    const { clock } = this.#registry;
    const changedAt = report.claims.flat().map((resource) => this.#follow(resource).changedAt);
    const settledAt = Math.max(...changedAt) + report.settleMs;
    const timer = clock.setTimer(settledAt - clock.now().monotonic, () => {
      this.#kept.delete(key);
      const verdicts = report.claims.map((resources) => this.#judgeClaim(report, resources, false));
      this.#decide(report, verdicts, counted);
    });
    this.#kept.set(key, { errand: report.errand, timer });
  }

  /** A newer message says how things are. */
  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    kept.timer.cancel();
    kept.errand.finish();
  }

  #judgeClaim({ reported, settleMs }: Report, resources: readonly string[], isNews: boolean): Verdict {
    if (reported === undefined) return 'undecided';
    const verdicts = resources.map((resource) => {
      const followed = this.#follow(resource);
      const before = followed.reported;
      if (isNews) followed.reported = mergeReports(before, reported);
      const isSettled = this.#registry.clock.now().monotonic - followed.changedAt >= settleMs;
      return judge(this.#registry.state(resource), reported, before, isSettled);
    });
    return BY_STRENGTH.find((verdict) => verdicts.includes(verdict)) ?? 'undecided';
  }

  #follow(resource: string): Followed {
    const known = this.#followed.get(resource);
    if (known !== undefined) return known;
    const { clock } = this.#registry;
    const stop = this.#registry.watch(patternOf(resource), (state) => {
      const spelled = spell(state);
      if (spelled === followed.spelled) return;
      followed.spelled = spelled;
      followed.changedAt = clock.now().monotonic;
    });
    const followed: Followed = {
      stop,
      spelled: spell(this.#registry.state(resource)),
      changedAt: clock.now().monotonic,
      reported: undefined,
    };
    this.#followed.set(resource, followed);
    this.#forgetOldest();
    return followed;
  }

  #forgetOldest(): void {
    if (this.#followed.size <= MOST_RESOURCES) return;
    const [oldest] = this.#followed;
    if (oldest === undefined) return;
    oldest[1].stop();
    this.#followed.delete(oldest[0]);
  }
}

function keyOf({ claims }: Report): string {
  return JSON.stringify(claims);
}

function spell({ token, holder, requester, value }: ResourceState): string {
  return JSON.stringify([token, holder, requester, value]);
}
