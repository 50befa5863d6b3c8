// One runtime among those under a prefix: an arbiter, or a participant where another one decides, and whichever of them
// it may become. Its claims go with it: they are always with the one that decides about them.
import type { Timer } from '../protocol';
import { Arbiter, type ArbiterOptions } from './arbiter';
import { type ArbiterSettings, DEFAULT_PREFIX, DEFAULT_TIMING, type Rules } from './arbiter-context';
import type { DeadClaim } from './arbiter-graves';
import type { Authority } from './authority';
import { Candidate } from './candidate';
import { callSafely, subscribe } from './listeners';
import { type Connecting, Desk, type DeskOptions, type Seat } from './member-desk';
import { adoptSettings } from './member-settings';
import type { MemberStatus } from './member-status';
import { Office } from './office';
import { officeId } from './office-id';
import { SplitTransport } from './split-transport';
import type { Switchboard } from './switchboard';
import { topicsUnder } from './topics';
import type { Transport } from './transport';

/**
 * Whether this runtime may decide. `alone`: unless somebody else does, and also without the broker. `takeover`: whenever
 * nobody else does, as long as it is connected.
 */
export type Decide = 'never' | 'alone' | 'takeover';

/** How the broker is reached. */
export type Access =
  /** It is part of this process, which always decides; `undefined`: there is none. */
  | { readonly sole: Transport | undefined }
  /** Each connection is one of its own. */
  | { readonly connect: (asked: Connecting) => Transport };

export interface MemberOptions extends DeskOptions {
  readonly decide: Decide;
  readonly access: Access;
}

/** Waits for this runtime to decide. */
interface Wish {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** So long somebody who wants to take over by hand waits for the broker, and for what others may still hold, in ms. */
const LONGEST_SEIZURE = 25_000;

export class Member {
  /** Resolves when claims can be made, and what earlier starts have left is known as far as that can be. */
  readonly ready: Promise<void>;
  #beReady: () => void = () => undefined;
  readonly #options: MemberOptions;
  readonly #desk: Desk;
  #rules: Rules;
  #arbiter: Arbiter | undefined;
  #office: Office | undefined;
  #seat: Seat | undefined;
  #candidate: Candidate | undefined;
  /** Somebody has decided about its claims before. */
  #hasRole = false;
  #isStopped = false;
  #startTimer: Timer | undefined;
  #seizure: Timer | undefined;
  #wishes: Wish[] = [];
  /** What is being stopped, while the rest goes on. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #statusListeners = new Set<(status: MemberStatus) => void>();

  /** Throws a `RangeError` for a prefix that cannot be one. */
  constructor(options: MemberOptions) {
    const { access, decide, settings } = options;
    this.#options = options;
    this.#desk = new Desk(options);
    this.#rules = settings.rules;
    this.ready = new Promise((resolve) => {
      this.#beReady = resolve;
    });
    topicsUnder(settings.prefix ?? DEFAULT_PREFIX);
    if ('sole' in access) this.#desk.begin(this.#makeArbiter({ transport: access.sole, isSole: true }));
    else if (decide === 'alone')
      this.#desk.begin(this.#makeArbiter({ transport: this.#split(access.connect) }));
    else this.#desk.begin(this.#takeSeat(access.connect).participant);
  }

  /** What decides about the claims of this runtime at the moment. */
  get authority(): Authority {
    return this.#desk.authority;
  }

  /** Tells of states and events, whoever decides. */
  get told(): Pick<Switchboard, 'onState' | 'onEvent'> {
    return this.#desk.switchboard;
  }

  /** The name of this runtime. */
  get requester(): string {
    return this.#options.settings.requester;
  }

  /** Its own rules; those in force may be another one's. */
  get rules(): Rules {
    return this.#rules;
  }

  get status(): MemberStatus {
    const arbiter = this.authority === this.#arbiter ? this.#arbiter : undefined;
    const participant = arbiter === undefined ? this.#seat?.participant.status : undefined;
    const { decide, access } = this.#options;
    return {
      role: arbiter?.status.phase === 'deciding' ? 'arbiter' : this.#hasRole ? 'participant' : 'starting',
      epoch: arbiter?.epoch ?? participant?.epoch ?? 0,
      arbiter: arbiter?.status,
      participant,
      other: participant?.arbiter ?? arbiter?.status.other,
      canTakeOver: participant !== undefined && 'connect' in access && decide !== 'never',
    };
  }

  role(): MemberStatus['role'] {
    return this.status.role;
  }

  epoch(): number {
    return this.status.epoch;
  }

  onStatus(listener: (status: MemberStatus) => void): () => void {
    return subscribe(this.#statusListeners, listener);
  }

  start(): void {
    const { settings } = this.#options;
    if (this.#seat === undefined) {
      this.#arbiter?.start();
      return;
    }
    const { startWait } = { ...DEFAULT_TIMING, ...settings.timing };
    // Where it is not alone, others may hold something.
    settings.memory?.note({ othersMayHold: true });
    this.#startTimer = settings.clock.setTimer(startWait, () => this.#beReady());
    this.#seat.participant.start();
    this.#candidate?.start();
  }

  /** Says goodbye, and leaves nothing behind. Tells no claim of its end. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#startTimer?.cancel();
    this.#seizure?.cancel();
    this.#candidate?.stop();
    this.#desk.switchboard.stop();
    for (const { reject } of this.#wishes.splice(0)) reject(new Error('stopped'));
    await this.#arbiter?.stop();
    await this.#office?.stop();
    this.#office = undefined;
    this.#forgetMark();
    await this.#seat?.participant.stop();
    await Promise.all(this.#leaving);
    this.#tellStatus();
    this.#statusListeners.clear();
  }

  /** Puts other rules of its own into force, where it decides. */
  setRules(rules: Rules): void {
    this.#rules = rules;
    this.#arbiter?.setRules(rules);
  }

  /** Decides from now on, whoever did; resolves when it does. Rejects with why it cannot, in words. */
  takeOver(): Promise<void> {
    const { access, decide } = this.#options;
    if (this.role() === 'arbiter') return Promise.resolve();
    if (!('connect' in access) || decide === 'never')
      return Promise.reject(new Error('it may not decide here'));
    return new Promise((resolve, reject) => {
      this.#wishes.push({ resolve, reject });
      if (decide === 'takeover') this.#candidate?.standNow();
      else this.#seize();
    });
  }

  /** Devices' claims that ended at least so long ago (ms) and were not withdrawn; only who decides knows them. */
  deadClaims(sinceMs: number): readonly DeadClaim[] {
    return this.role() === 'arbiter' ? (this.#arbiter?.deadClaims(sinceMs) ?? []) : [];
  }

  /** Has the broker forget dead claims. */
  purge(dead: readonly DeadClaim[], by: string): void {
    if (this.role() === 'arbiter') this.#arbiter?.purge(dead, by);
  }

  #makeArbiter(
    more: Pick<ArbiterOptions, 'isSole' | 'term' | 'seizes' | 'takeOwn'> & {
      readonly transport: Transport | undefined;
    },
    settings: ArbiterSettings = this.#options.settings,
  ): Arbiter {
    const { transport, ...rest } = more;
    const arbiter: Arbiter = new Arbiter({
      settings: { ...settings, rules: settings === this.#options.settings ? this.#rules : settings.rules },
      hearer: this.#desk.hearerOf(() => arbiter),
      ...(transport && { transport }),
      ...rest,
    });
    this.#arbiter = arbiter;
    arbiter.onStatus(() => this.#follow(arbiter));
    return arbiter;
  }

  #follow(arbiter: Arbiter): void {
    if (arbiter !== this.#arbiter || this.#isStopped) return;
    const { phase, reason } = arbiter.status;
    if (phase === 'deciding' && this.authority === arbiter) this.#decided();
    if (phase === 'elsewhere') this.#giveWay(arbiter);
    if (phase === 'lost') this.#lose(arbiter, reason);
    this.#tellStatus();
  }

  #decided(): void {
    this.#hasRole = true;
    this.#seizure?.cancel();
    this.#beReady();
    for (const { resolve } of this.#wishes.splice(0)) resolve();
  }

  // Alone.

  #split(connect: (asked: Connecting) => Transport): Transport {
    const { instance } = this.#options.settings;
    const write = connect({ clientId: `locks${instance}w`, will: () => this.#arbiter?.will() });
    return new SplitTransport({ write, read: connect({ clientId: `locks${instance}r` }) });
  }

  /** Somebody else decides: whatever was decided here meanwhile need not be so there. */
  #giveWay(arbiter: Arbiter): void {
    const { access, settings } = this.#options;
    if (!('connect' in access)) return;
    const isNew = this.#seat === undefined;
    const { participant } = this.#takeSeat(access.connect);
    this.#desk.toParticipant(arbiter, participant, settings.clock.now().monotonic);
    this.#arbiter = undefined;
    // Not before it has given way itself: its goodbye would look like the other one's.
    this.#discard(Promise.resolve().then(() => arbiter.stop()));
    if (isNew) this.start();
  }

  #seize(): void {
    const { access, settings } = this.#options;
    const seat = this.#seat;
    if (!('connect' in access) || seat === undefined || this.#arbiter !== undefined) return;
    const timing = { ...settings.timing, startWait: Infinity };
    const arbiter: Arbiter = this.#makeArbiter(
      {
        transport: this.#split(access.connect),
        seizes: true,
        takeOwn: () => this.#desk.toArbiter(arbiter, seat.participant),
      },
      { ...settings, rules: this.#rules, timing },
    );
    this.#seizure = settings.clock.setTimer(LONGEST_SEIZURE, () => this.#giveUp(arbiter));
    arbiter.start();
  }

  #giveUp(arbiter: Arbiter): void {
    const why = arbiter.status.reason ?? 'the broker does not answer';
    this.#arbiter = undefined;
    this.#discard(arbiter.stop());
    this.#failWishes(why);
  }

  // With others.

  #takeSeat(connect: (asked: Connecting) => Transport): Seat {
    if (this.#seat !== undefined) return this.#seat;
    const seat = this.#desk.makeSeat(connect);
    this.#seat = seat;
    seat.participant.onStatus(() => this.#followSeat(seat));
    void seat.participant.ready.then(() => this.#beReady());
    if (this.#options.decide === 'takeover') {
      this.#candidate = this.#makeCandidate(seat, connect);
      seat.talk.onConnection((connected) => {
        if (connected) this.#forgetMark();
      });
    }
    return seat;
  }

  #followSeat({ participant }: Seat): void {
    const { phase, arbiter } = participant.status;
    if (phase === 'joined') this.#hasRole = true;
    // Whoever clears the presence of who decided says that nobody does any more.
    const isVacant = phase === 'waiting' && arbiter === undefined;
    if (isVacant && this.#options.decide === 'alone' && !this.#isStopped) this.#seize();
    this.#tellStatus();
  }

  #makeCandidate({ talk, watch }: Seat, connect: (asked: Connecting) => Transport): Candidate {
    const { settings, random } = this.#options;
    const { prefix = DEFAULT_PREFIX, requester, instance, clock, log, timing } = settings;
    const { failoverDelay } = { ...DEFAULT_TIMING, ...timing };
    const names = { topics: topicsUnder(prefix), requester, instance, clock, random, log };
    return new Candidate({ ...names, failoverDelay, talk, watch, stand: () => this.#stand(connect) });
  }

  /** Takes the office; whether that succeeds is told by the arbiter's status. */
  #stand(connect: (asked: Connecting) => Transport): void {
    const [seat, candidate] = [this.#seat, this.#candidate];
    if (seat === undefined || candidate === undefined) return;
    const { settings } = this.#options;
    const own = { ...settings, rules: this.#rules };
    const predecessor = candidate.arbiter?.requester === settings.requester ? undefined : candidate.arbiter;
    const inForce = adoptSettings(own, predecessor, (text) => settings.log.warn(text));
    const office = this.#openOffice(connect, { ...DEFAULT_TIMING, ...inForce.timing });
    const term = {
      epoch: candidate.epoch,
      witnessed: () => candidate.witnessed,
      prove: (proven: () => void) => candidate.prove(proven),
      validUntil: () => office.validUntil,
    };
    const takeOwn = () => this.#desk.toArbiter(arbiter, seat.participant);
    const arbiter: Arbiter = this.#makeArbiter(
      { transport: office, term, takeOwn },
      { ...own, ...inForce, clock: office.clock },
    );
    this.#office = office;
    arbiter.start();
  }

  #openOffice(
    connect: (asked: Connecting) => Transport,
    { beat, session, failoverDelay }: typeof DEFAULT_TIMING,
  ): Office {
    const { prefix = DEFAULT_PREFIX, instance, clock, log } = this.#options.settings;
    const will = () => this.#arbiter?.will();
    return new Office({
      ...{ topics: topicsUnder(prefix), instance, clock, log },
      write: connect({ clientId: officeId(prefix), will, reconnects: false }),
      read: connect({ clientId: `locks${instance}r`, reconnects: false }),
      ...{ beat, sessionTime: session, longestSilence: failoverDelay },
      epoch: () => this.#arbiter?.epoch ?? 0,
    });
  }

  /** The office is lost, or could not be taken. */
  #lose(arbiter: Arbiter, reason: string | undefined): void {
    const [seat, office] = [this.#seat, this.#office];
    if (seat === undefined || office === undefined) return;
    this.#desk.toParticipant(arbiter, seat.participant, office.validUntil);
    this.#arbiter = undefined;
    this.#office = undefined;
    this.#options.settings.log.info(`this Node-RED decides no more: ${reason ?? 'the office is lost'}`);
    this.#discard(
      office
        .stop()
        .then(() => arbiter.stop())
        .then(() => this.#forgetMark()),
    );
    this.#candidate?.stepBack();
    this.#failWishes(reason ?? 'somebody else was faster');
  }

  /** An office that is lost while the store is read leaves its mark there; so does one of before, if the store is old. */
  #forgetMark(): void {
    const { prefix = DEFAULT_PREFIX, requester } = this.#options.settings;
    if (this.#office !== undefined || this.#seat === undefined) return;
    const topic = topicsUnder(prefix).mark(requester);
    // Without a connection it stands until there is one.
    this.#seat.talk.publish(topic, '', { qos: 1, retain: true }).catch(() => undefined);
  }

  #failWishes(why: string): void {
    for (const { reject } of this.#wishes.splice(0)) reject(new Error(why));
  }

  #discard(ending: Promise<void>): void {
    const ended = ending.finally(() => this.#leaving.delete(ended));
    this.#leaving.add(ended);
  }

  #tellStatus(): void {
    const { status } = this;
    for (const listener of [...this.#statusListeners]) {
      callSafely(this.#options.settings.log, () => listener(status));
    }
  }
}
