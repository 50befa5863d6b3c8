// What an acquire node does. It outlives the node over a deploy, so that claims and the messages about them do too.
import type { NodeAPI, NodeMessage, NodeStatus } from 'node-red';
import type { Clock } from '../../src/protocol';
import type { ClaimOwner, Registry, RegistryClaim } from '../../src/registry/registry';
import { resourcesOf } from '../shared/lock-info';
import { toError } from '../shared/node-error';
import { ownerOf } from '../shared/node-place';
import { releaseEach } from '../shared/release-each';
import { isPromise } from '../shared/setting';
import { StatusLine, type Translate, translator } from '../shared/status-text';
import { afterDelivery } from '../shared/turn';
import type { Errand } from './errand';
import { onHandOver } from './hand-over';
import { ManualDetection } from './manual-detection';
import type { AcquireSettings } from './settings';
import { countStatus, endStatus, idleStatus, startingStatus, wishStatus } from './statuses';
import { resourceKey, type Wanted } from './wanted';
import type { Wish } from './wish';
import { isSame, type Outlet, Wishes } from './wishes';

/** The node of the flow that is there at the moment. */
export interface Front {
  send(output: number, msg: NodeMessage): void;
  fail(error: Error, msg: NodeMessage): void;
  status(status: NodeStatus): void;
}

export interface AcquirerOptions {
  readonly RED: NodeAPI;
  readonly registry: Registry;
  readonly path: string;
  readonly clock: Clock;
}

/** What is to be told as soon as a node is there, and the nodes that it is wired to. */
type Untold = (front: Front) => void;

export class Acquirer {
  readonly registry: Registry;
  readonly #options: AcquirerOptions;
  readonly #t: Translate;
  #owner: ClaimOwner | undefined;
  #wishes: Wishes | undefined;
  #settings: AcquireSettings | undefined;
  #front: Front | undefined;
  #isOpen = false;
  readonly #untold: Untold[] = [];
  /** Messages that came before the registry had rebuilt. */
  readonly #early: Errand[] = [];
  /** Messages whose settings are still being read. */
  readonly #read = new Set<Errand>();
  #manual: ManualDetection | undefined;
  #watched: Wish | undefined;
  #stopWatching: (() => void) | undefined;
  /** How the last claim has ended. */
  #end: NodeStatus | undefined;
  #isShowing = false;
  #line: StatusLine | undefined;

  constructor(options: AcquirerOptions) {
    this.registry = options.registry;
    this.#options = options;
    this.#t = translator((key, values) => options.RED._(key, values));
  }

  /** A node is there. Until `open` it is told nothing but its status. */
  attach(front: Front, settings: AcquireSettings): void {
    const before = this.#settings;
    this.#front = front;
    this.#line = new StatusLine((shown) => front.status(shown));
    this.#settings = settings;
    this.#line?.show(startingStatus(this.#t));
    this.registry.ready
      .then(() => (this.#front === front ? this.#begin(settings, before) : undefined))
      .catch((error: unknown) => front.fail(toError(error), {}));
  }

  /** All flows run: messages get where they are sent to. */
  open(): void {
    this.#isOpen = true;
    this.#tell();
  }

  receive(errand: Errand): void {
    if (this.#wishes === undefined) this.#early.push(errand);
    else this.#process(errand, this.#wishes);
  }

  /** All that the node has, held or waiting, for somebody who ends it; what is not asked for yet ends here. */
  giveUp(): readonly RegistryClaim[] {
    this.#closeUnasked();
    return this.#wishes?.claims ?? [];
  }

  /** What single messages of this owner have of the resource, held or waiting. */
  messagesOf(owner: string, resource: string): readonly RegistryClaim[] {
    const claims = this.#wishes?.claims ?? [];
    return claims.filter((claim) => {
      const { locker = owner } = claim.message;
      return locker !== owner && ownerOf(locker) === owner && resourcesOf(claim).includes(resource);
    });
  }

  /** The node closes and may come back. */
  detach(): void {
    this.#front = undefined;
    this.#isOpen = false;
    this.#closeUnasked();
    this.#wishes?.closeErrands();
    this.#watch(undefined);
    this.#owner?.detach(false);
  }

  /** The node is gone for good. */
  end(): void {
    this.detach();
    this.#manual?.stop();
    (this.#owner ?? this.registry.owner(this.#options.path)).detach(true);
  }

  /** Ends the messages whose claims are not asked for yet. */
  #closeUnasked(): void {
    for (const errand of [...this.#early.splice(0), ...this.#read]) errand.close();
    this.#read.clear();
    this.#manual?.closeErrands();
  }

  #begin(settings: AcquireSettings, before: AcquireSettings | undefined): void {
    if (settings.manual !== undefined) this.#detection.follow(settings.manual.resources);
    const owner = this.registry.owner(this.#options.path);
    this.#owner = owner;
    if (this.#wishes === undefined) {
      const { RED, clock } = this.#options;
      this.#wishes = new Wishes(RED, this.registry, owner, this.#outlet(), clock);
      this.#adopt(this.#wishes, owner, settings);
    } else {
      this.#wishes.attach(owner);
      if (before !== undefined) this.#adjust(this.#wishes, settings, before);
    }
    this.#showWishes();
    for (const errand of this.#early.splice(0)) this.#process(errand, this.#wishes);
  }

  #process(errand: Errand, wishes: Wishes): void {
    const settings = this.#settings;
    if (settings === undefined) {
      errand.close();
      return;
    }
    if (Object.hasOwn(errand.msg, 'reset')) {
      releaseEach(this.giveUp());
      this.#showWishes();
      errand.finish();
      return;
    }
    try {
      const wanted = settings.wanted(errand.msg);
      if (isPromise(wanted)) this.#processLater(errand, wanted, wishes, settings);
      else this.#ask(errand, wanted, wishes, settings);
    } catch (error) {
      errand.close(toError(error));
    }
  }

  #processLater(errand: Errand, wanted: Promise<Wanted>, wishes: Wishes, settings: AcquireSettings): void {
    this.#read.add(errand);
    wanted
      .then((read) => {
        if (this.#read.delete(errand)) this.#ask(errand, read, wishes, settings);
      })
      .catch((error: unknown) => {
        this.#read.delete(errand);
        errand.close(toError(error));
      });
  }

  #ask(errand: Errand, wanted: Wanted, wishes: Wishes, settings: AcquireSettings): void {
    const { manual } = settings;
    if (manual === undefined) {
      this.#askFor(errand, wanted, wishes, settings);
      return;
    }
    const { claims } = wanted;
    const report = { errand, claims, reported: manual.reported(errand.msg), settleMs: manual.settleMs };
    this.#detection.sift(report, (counted) =>
      this.#askFor(errand, { ...wanted, claims: counted }, wishes, settings),
    );
  }

  #askFor(errand: Errand, wanted: Wanted, wishes: Wishes, settings: AcquireSettings): void {
    wishes.ask(errand, wanted, settings.further, isKept(settings, wanted));
    this.#showWishes();
  }

  get #detection(): ManualDetection {
    this.#manual ??= new ManualDetection(this.registry);
    return this.#manual;
  }

  /** Takes up what was there before a restart, as far as the settings still want it. */
  #adopt(wishes: Wishes, owner: ClaimOwner, settings: AcquireSettings): void {
    const wanted = this.#constantWish(settings);
    for (const claim of [...owner.claims.values()]) {
      const key = resourceKey(resourcesOf(claim));
      const isWanted = wanted?.claims.some((resources) => resourceKey(resources) === key) ?? true;
      if (settings.restarts === 'never' || !isWanted) {
        claim.release();
        continue;
      }
      const wish = wishes.adopt(claim);
      if (wanted !== undefined) updateTo(wish, wanted);
      if (!wish.isMine) continue;
      if (settings.announce) wishes.announce(wish);
      else wish.isRestored = false;
    }
  }

  /** What every message wants, where that is so. */
  #constantWish(settings: AcquireSettings): Wanted | undefined {
    if (!settings.isConstant) return undefined;
    const wanted = settings.wanted({});
    return isPromise(wanted) ? undefined : wanted;
  }

  /** A deploy may have changed the node: another resource ends its claims, anything else updates them. */
  #adjust(
    wishes: Wishes,
    { spelling, wanted }: AcquireSettings,
    { spelling: before }: AcquireSettings,
  ): void {
    if (spelling.resources !== before.resources) {
      wishes.endAll();
      return;
    }
    const isOther = spelling.level !== before.level || spelling.value !== before.value;
    const isOtherLease = spelling.ttl !== before.ttl;
    if (!isOther && !isOtherLease) return;
    for (const wish of wishes.list.all) {
      Promise.resolve(wish.template)
        .then(wanted)
        .then((now) => updateTo(wish, now, isOtherLease))
        .catch((error: unknown) => this.#front?.fail(toError(error), wish.template));
    }
  }

  #outlet(): Outlet {
    return {
      later: (output, msg) => this.#tell((front) => front.send(output, msg)),
      fail: (error, msg) => this.#tell((front) => front.fail(error, msg)),
      changed: (wish, outcome, answer) => {
        this.#end = endStatus(wish, outcome, answer, this.#t);
        this.#showWishes();
      },
    };
  }

  #tell(news?: Untold): void {
    if (news !== undefined) this.#untold.push(news);
    const front = this.#front;
    if (front === undefined || !this.#isOpen) return;
    for (const tell of this.#untold.splice(0)) tell(front);
  }

  /** Once a turn: the editor need not follow claims that come and go between two messages, and each look costs. */
  #showWishes(): void {
    if (this.#isShowing) return;
    this.#isShowing = true;
    afterDelivery(() => {
      this.#isShowing = false;
      if (this.#front !== undefined) this.#showWishesNow();
    });
  }

  #showWishesNow(): void {
    const list = this.#wishes?.list;
    const only = list?.only;
    this.#watch(only?.isMine === true ? undefined : only);
    if (only !== undefined) {
      const now = this.#options.clock.now().wall;
      this.#line?.show(wishStatus(only, this.registry, this.#t, now));
    } else if (list !== undefined && list.size > 0) {
      this.#line?.show(countStatus(list.size, list.mine, this.#t));
    } else this.#line?.show(this.#end ?? idleStatus(this.#t));
  }

  /** The status names who has what the only claim waits for: follows who that is. */
  #watch(wish: Wish | undefined): void {
    if (this.#watched === wish) return;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#watched = undefined;
    if (wish?.claim === undefined || this.#front === undefined) return;
    this.#watched = wish;
    this.#stopWatching = onHandOver(this.registry, wish.claim, () => this.#showWishes());
  }
}

function isKept({ restarts, further }: AcquireSettings, { ttl }: Wanted): boolean {
  if (restarts === 'auto') return Number.isFinite(ttl) && further !== 'each';
  return restarts === 'always';
}

/** A value that is the same is not written again: it would win over a later one of the same owner. */
function updateTo({ claim }: Wish, { priority, value, ttl }: Wanted, isOtherLease = false): void {
  claim?.update({
    priority,
    ...(value === undefined || isSame(value, claim.message.value) ? {} : { value }),
    ...(isOtherLease ? { renew: true, ttl } : {}),
  });
}
