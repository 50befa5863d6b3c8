// All claims of one acquire node: asks for them, and passes on what the registry answers.
import type { NodeAPI, NodeMessage } from 'node-red';
import type { Answer } from '../../src/mqtt/messages';
import type { Clock } from '../../src/protocol';
import type { ClaimOwner, Registry, RegistryClaim } from '../../src/registry/registry';
import { holderBeside, isNobodys } from '../shared/holder';
import { type LockNews, laterMessage, resourcesOf } from '../shared/lock-info';
import { toError } from '../shared/node-error';
import { lockerOfMessage } from '../shared/node-place';
import { releaseEach } from '../shared/release-each';
import type { Further } from './config';
import type { Errand } from './errand';
import { onHandOver } from './hand-over';
import { denial, loss, Teller, toRefusal } from './teller';
import { claimMessage, resourceKey, type Wanted } from './wanted';
import { isFault, newWish, type Outcome, outcomeOf, type Wish } from './wish';
import { WishList } from './wish-list';

/** The node, as its claims see it. */
export interface Outlet {
  /** A message that no errand waits for. */
  later(output: number, msg: NodeMessage): void;
  fail(error: Error, msg: NodeMessage): void;
  /** Something happened that the status should show. */
  changed(wish: Wish, outcome: Outcome, answer: Answer): void;
}

export class Wishes {
  readonly #RED: NodeAPI;
  readonly #registry: Registry;
  #owner: ClaimOwner;
  #stopListening: (() => void) | undefined;
  readonly #out: Outlet;
  readonly #teller: Teller;
  readonly list = new WishList();

  constructor(RED: NodeAPI, registry: Registry, owner: ClaimOwner, out: Outlet, clock: Clock) {
    this.#RED = RED;
    this.#registry = registry;
    this.#owner = owner;
    this.#out = out;
    this.#teller = new Teller(RED, registry, clock, (output, msg) => out.later(output, msg));
    this.attach(owner);
  }

  /** The node is there again. What is answered until the next time comes here too. */
  attach(owner: ClaimOwner): void {
    this.#stopListening?.();
    this.#owner = owner;
    this.#stopListening = owner.onAnswer((claim, answer) => this.#answered(claim, answer));
    // What nobody came back for in time has ended, and nobody was told.
    for (const wish of this.list.all) if (wish.claim?.state === 'ended') this.#drop(wish);
  }

  /** A message wants something: makes its claims, or updates those that are there. */
  ask(errand: Errand, wanted: Wanted, further: Further, keep: boolean): void {
    errand.splitInto(wanted.claims.length);
    for (const resources of wanted.claims) {
      const key = resourceKey(resources);
      const wish = further === 'each' ? undefined : this.list.get(key);
      if (wish !== undefined) this.#update(wish, errand, wanted, further);
      else if (further !== 'each') this.#begin(key, errand, wanted, resources, wanted.locker, keep);
      else {
        const id = this.#RED.util.generateId();
        this.#begin(`${key}#${id}`, errand, wanted, resources, lockerOfMessage(wanted.locker, id), keep);
      }
    }
  }

  /** Takes up a claim that this node had before a restart. */
  adopt(claim: RegistryClaim): Wish {
    const wish = restoredWish(claim);
    wish.isMine = claim.isHeld();
    if (wish.isMine) wish.token = this.#tokenOf(claim);
    this.list.add(wish);
    return wish;
  }

  /** Tells that a claim from before a restart is still held. */
  announce(wish: Wish): void {
    this.#teller.later(wish, 'yours', { state: 'held' });
  }

  /** The node closes: its messages end here, its claims go on. */
  closeErrands(): void {
    for (const wish of this.list.all) {
      for (const errand of takeErrands(wish)) errand.close();
    }
  }

  /** What is held or waits. */
  get claims(): readonly RegistryClaim[] {
    return this.list.all.flatMap(({ claim }) => claim ?? []);
  }

  endAll(): void {
    releaseEach(this.claims);
  }

  #begin(
    key: string,
    errand: Errand,
    wanted: Wanted,
    resources: readonly string[],
    locker: string,
    keep: boolean,
  ): void {
    const wish = newWish(key, laterMessage(this.#RED, errand.msg), wanted.timeout === 0);
    wish.waiting = errand;
    this.list.add(wish);
    try {
      wish.claim = this.#owner.claim(key, claimMessage(wanted, resources, locker), { keep });
    } catch (error) {
      this.list.remove(wish);
      errand.finish(toError(error));
      return;
    }
    if (Number.isFinite(wanted.maxAttempts)) this.#countAttempts(wish, wanted.maxAttempts);
  }

  #update(wish: Wish, errand: Errand, wanted: Wanted, further: Further): void {
    const { claim } = wish;
    if (claim === undefined) {
      errand.finish();
      return;
    }
    wish.asking.push(errand);
    if (further === 'differs' && isSame(wanted.value, claim.message.value)) {
      this.#confirm(wish, claim);
      return;
    }
    const { priority, value, ttl } = wanted;
    claim.update({
      priority,
      ...(value === undefined ? {} : { value }),
      ...(further === 'keep' ? {} : { renew: true, ttl }),
    });
  }

  #answered(claim: RegistryClaim, answer: Answer): void {
    const wish = this.list.get(claim.key) ?? endedMeanwhile(claim, answer);
    if (wish === undefined) return;
    wish.claim = claim;
    const outcome = outcomeOf(wish, answer, () => isNobodys(this.#registry, resourcesOf(claim)));
    this.#mark(wish, claim, answer);
    this.#follow(wish, claim, outcome, answer);
    this.#out.changed(wish, outcome, answer);
  }

  /** Remembers what the flow knows from now on. */
  #mark(wish: Wish, claim: RegistryClaim, { result, token }: Answer): void {
    if (result === 'granted') {
      wish.token = token;
      wish.isTaken = false;
      this.list.mark(wish, true);
    }
    if (result === 'revoking') wish.isTaken = true;
    if (result === 'requeued' && wish.isMine) {
      wish.isTaken = false;
      wish.wasMine = true;
      this.list.mark(wish, false);
    }
    if (claim.state === 'ended') this.#drop(wish);
    else if (wish.isMine) wish.stopCounting?.();
  }

  #drop(wish: Wish): void {
    this.list.remove(wish);
    wish.stopCounting?.();
  }

  #tokenOf(claim: RegistryClaim): number {
    return Math.max(...resourcesOf(claim).map((resource) => this.#registry.state(resource).token ?? 0));
  }

  #follow(wish: Wish, claim: RegistryClaim, outcome: Outcome, answer: Answer): void {
    switch (outcome) {
      case 'yours':
        this.#tellYours(wish, answer);
        break;
      case 'taken':
      case 'freed':
        this.#tellGone(wish, claim, outcome, answer);
        break;
      case 'denied':
        this.#tellDenied(wish, claim, answer);
        break;
      case 'wrong':
        this.#tellWrong(wish, answer);
        break;
      case 'confirmed':
        this.#confirm(wish, claim);
        break;
      case 'refused':
        this.#refuse(wish, claim, answer);
        break;
      case 'ended':
        for (const errand of takeErrands(wish)) errand.finish();
        break;
      case 'waits':
        break;
    }
  }

  #tellYours(wish: Wish, { regained }: Answer): void {
    const news: LockNews = { state: 'held', ...(regained === true ? { regained } : {}) };
    const { waiting } = wish;
    wish.waiting = undefined;
    if (waiting === undefined) this.#teller.later(wish, 'yours', news);
    else this.#teller.tell(wish, waiting, 'yours', news);
  }

  #tellGone(wish: Wish, claim: RegistryClaim, outcome: 'taken' | 'freed', answer: Answer): void {
    const news = loss(this.#registry, claim, outcome, answer);
    this.#teller.later(wish, outcome, news);
    if (news.state !== 'lost') return;
    for (const errand of takeErrands(wish)) this.#teller.tell(wish, errand, outcome, news);
  }

  #tellDenied(wish: Wish, claim: RegistryClaim, answer: Answer): void {
    const news = denial(this.#registry, wish, claim, answer);
    const errands = takeErrands(wish);
    for (const errand of errands) this.#teller.tell(wish, errand, 'denied', news);
    if (errands.length === 0) this.#teller.later(wish, 'denied', news);
  }

  #tellWrong(wish: Wish, answer: Answer): void {
    const error = toRefusal(answer);
    const errands = takeErrands(wish);
    for (const errand of errands) errand.finish(error);
    if (errands.length === 0) this.#out.fail(error, wish.template);
  }

  /** The oldest further message has been taken over: it is passed on, or waits now in the place of the one before. */
  #confirm(wish: Wish, claim: RegistryClaim): void {
    const errand = wish.asking.shift();
    if (errand === undefined) return;
    wish.template = laterMessage(this.#RED, errand.msg);
    if (!wish.isMine) {
      wish.waiting?.finish();
      wish.waiting = errand;
      return;
    }
    const next = wish.isTaken
      ? holderBeside(this.#registry, resourcesOf(claim), claim.message.locker)
      : undefined;
    this.#teller.tell(wish, errand, wish.isTaken ? 'taken' : 'yours', {
      state: wish.isTaken ? 'revoking' : 'held',
      again: true,
      ...(next === undefined ? {} : { next }),
    });
  }

  #refuse(wish: Wish, claim: RegistryClaim, answer: Answer): void {
    const errand = wish.asking.shift();
    if (errand === undefined) this.#out.fail(toRefusal(answer), wish.template);
    else if (isFault(answer)) errand.finish(toRefusal(answer));
    else this.#teller.tell(wish, errand, 'denied', denial(this.#registry, wish, claim, answer));
  }

  /** Gives up when what it waits for has gone to others as often as the settings say; the claim itself is the first time. */
  #countAttempts(wish: Wish, maxAttempts: number): void {
    const { claim } = wish;
    if (claim === undefined || wish.isMine || claim.state === 'ended') return;
    let attempts = 1;
    wish.stopCounting = onHandOver(this.#registry, claim, () => {
      attempts += 1;
      if (attempts < maxAttempts) return;
      wish.isGivenUp = true;
      claim.release();
    });
  }
}

function restoredWish(claim: RegistryClaim): Wish {
  const wish = newWish(
    claim.key,
    { payload: claim.message.value, topic: resourcesOf(claim).join(', ') },
    false,
  );
  wish.claim = claim;
  wish.isRestored = true;
  return wish;
}

/** A claim that was held before a restart, and has ended before this node was there to be told. */
function endedMeanwhile(claim: RegistryClaim, { result }: Answer): Wish | undefined {
  if (!claim.restored || result !== 'lost') return undefined;
  const wish = restoredWish(claim);
  wish.isMine = true;
  return wish;
}

function takeErrands(wish: Wish): readonly Errand[] {
  const errands = [...(wish.waiting === undefined ? [] : [wish.waiting]), ...wish.asking.splice(0)];
  wish.waiting = undefined;
  return errands;
}

/** Two values say the same. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
