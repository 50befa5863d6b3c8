// Whether a participant is still who it was: its beats, which of them came back, and until when that lets it believe in
// what it holds. It trusts no flag, only clocks.
import type { Timer } from '../protocol';
import type { ParticipantContext } from './participant-context';

export interface ContactHost {
  /** Sends a beat; `false` where there is no connection. */
  sendBeat(beat: number): boolean;
  /** Nothing that is held may be believed in any more. */
  lapsed(): void;
  /** The machine has slept for so many ms, of which its monotonic clock knows nothing; `Infinity` if it may have. */
  slept(ms: number): void;
}

/** A moment of our own, with what tells whether the machine has slept since. */
export interface Moment {
  /** Monotonic ms. */
  readonly at: number;
  /** What the wall clock was ahead of the monotonic one. */
  readonly lead: number;
  /** How often it had been set back, as far as was noticed. */
  readonly setBacks: number;
}

/** Of its session time so much may be used, since clocks may differ and messages take their time. */
const USABLE = 0.9;
/** Sleeps that are too short to be noticed may add up to so many beats. */
const LONGEST_NAPS = 0.1;
/** So many send times are remembered. */
const MOST_BEATS = 256;

export class Contact {
  readonly #context: ParticipantContext;
  readonly #host: ContactHost;
  /** When each beat was sent. */
  readonly #sent = new Map<number, Moment>();
  #last = 0;
  #echoed = 0;
  #returned = 0;
  /** Holds may be believed in again when a beat from this number on has come back. */
  #provenFrom = 0;
  #until = -Infinity;
  /** What the wall clock was ahead at the latest when that was shown. */
  #untilLead = 0;
  /** The wall clock went on without the other one, or was set back, which may hide that; and nothing was proved since. */
  #hasSlept = false;
  /** What the wall clock was ahead of the other when it was last looked at. */
  #lead = 0;
  /** How often that was found to have been set back. */
  #setBacks = 0;
  /** What it was ahead when sleep was told last. */
  #toldLead = 0;
  #nextBeat = Infinity;
  #beatTimer: Timer | undefined;
  #probeTimer: Timer | undefined;
  #lapseTimer: Timer | undefined;

  constructor(context: ParticipantContext, host: ContactHost) {
    this.#context = context;
    this.#host = host;
  }

  start(): void {
    const { monotonic, wall } = this.#context.clock.now();
    this.#lead = this.#toldLead = wall - monotonic;
    this.#setBeatTimer();
  }

  stop(): void {
    for (const timer of [this.#beatTimer, this.#probeTimer, this.#lapseTimer]) timer?.cancel();
    this.#nextBeat = Infinity;
  }

  /** Monotonic ms until which holds may be believed in. */
  get validUntil(): number {
    this.#look();
    // Sleeps that are too short to be noticed add up.
    const slept = Math.max(0, this.#lead - this.#untilLead);
    return this.#isDoubtful ? -Infinity : this.#until - slept;
  }

  /** For so long that a session may have ended, for all that is known here. */
  get mayHaveSlept(): boolean {
    this.#look();
    return this.#hasSlept;
  }

  /** Holds may be believed in, or could be if there was no doubt whether this process stood still. */
  get isTrusted(): boolean {
    return this.#look() < this.#until;
  }

  /** The number of the last beat that was sent. */
  get lastBeat(): number {
    return this.#last;
  }

  /** What we send comes back from the broker; the last beat may be on its way. */
  get hasEcho(): boolean {
    return this.#echoed >= this.#last - 1;
  }

  /** Monotonic ms at which a beat was sent; `-Infinity` for one that is forgotten or never was. */
  sentAt(beat: number): number {
    return this.#sent.get(beat)?.at ?? -Infinity;
  }

  /** The same with what tells of sleep since then. */
  momentOf(beat: number): Moment | undefined {
    return this.#sent.get(beat);
  }

  /** This moment. */
  moment(): Moment {
    const { monotonic, wall } = this.#context.clock.now();
    return { at: monotonic, lead: wall - monotonic, setBacks: this.#setBacks };
  }

  /** For how many ms the machine has slept since then; `Infinity` if that cannot be known. */
  sleptSince({ lead, setBacks }: Moment): number {
    this.#look();
    return setBacks === this.#setBacks ? Math.max(0, this.#lead - lead) : Infinity;
  }

  /** Beats now. */
  beat(): void {
    const beat = this.#last + 1;
    if (!this.#host.sendBeat(beat)) return;
    this.#last = beat;
    this.#sent.set(beat, this.moment());
    this.#sent.delete(beat - MOST_BEATS);
  }

  /** Beats now unless the last beat was sent within so many ms: what is answered counts from the last one. */
  freshen(within: number): void {
    if (this.#context.clock.now().monotonic - this.sentAt(this.#last) > within) this.beat();
  }

  /** A beat of our own came back from the broker. */
  heardEcho(beat: number): void {
    if (beat <= this.#last) this.#echoed = Math.max(this.#echoed, beat);
  }

  /**
   * Whoever decides knew of all that we hold, and had this beat, after a moment (monotonic ms). Whether that is not too
   * long ago.
   */
  proved(beat: number, sentAt: number): boolean {
    this.lapseIfDue();
    if (beat <= this.#last) this.#returned = Math.max(this.#returned, beat);
    const until = sentAt + USABLE * this.#context.inForce.session;
    if (until <= this.#context.clock.now().monotonic) return false;
    if (until > this.#until) {
      this.#until = until;
      this.#untilLead = this.#leadAt(sentAt);
    }
    this.#keepLapseTimer();
    return true;
  }

  /** Another authority of this runtime could be believed until then (monotonic ms). */
  trustUntil(until: number): void {
    const { clock, inForce } = this.#context;
    const now = clock.now().monotonic;
    const usable = Math.min(Math.max(until, now), now + USABLE * inForce.session);
    if (usable > this.#until) {
      this.#until = usable;
      this.#untilLead = this.#lead;
    }
    this.#keepLapseTimer();
  }

  /** Nothing is held here any more. */
  distrust(): void {
    this.#until = -Infinity;
    this.#lapseTimer?.cancel();
    this.#lapseTimer = undefined;
  }

  /** What is over by the clock is over before anything else is heard. */
  lapseIfDue(): void {
    if (this.#until === -Infinity || this.#look() < this.#until) return;
    this.distrust();
    this.#host.lapsed();
  }

  /** What the wall clock was ahead then (monotonic ms), or before. */
  #leadAt(moment: number): number {
    for (let beat = this.#last; beat > 0; beat--) {
      const sent = this.#sent.get(beat);
      if (sent === undefined) break;
      if (sent.at <= moment) return sent.lead;
    }
    return this.#lead;
  }

  get #isDoubtful(): boolean {
    return this.#returned < this.#provenFrom;
  }

  /** The time; if it has stood still, or this process has, nothing is believed until a new beat has come back. */
  #look(): number {
    const { monotonic, wall } = this.#context.clock.now();
    const { beat } = this.#context.inForce;
    const lead = wall - monotonic;
    const hasSlept = Math.abs(lead - this.#lead) > beat;
    const hasStoodStill = monotonic - this.#nextBeat > beat;
    if (lead < this.#lead - beat) this.#setBacks++;
    this.#lead = lead;
    this.#tellSleep(hasSlept);
    if (hasSlept) this.#doubt();
    else if (hasStoodStill && !this.#isDoubtful) this.#doubt();
    this.#hasSlept = (this.#hasSlept && this.#isDoubtful) || hasSlept;
    return monotonic;
  }

  /** Of short sleeps when they have added up. */
  #tellSleep(isNoticed: boolean): void {
    const slept = this.#lead - this.#toldLead;
    if (!isNoticed && slept >= 0 && slept <= LONGEST_NAPS * this.#context.inForce.beat) return;
    this.#toldLead = this.#lead;
    if (!isNoticed && slept < 0) return;
    this.#host.slept(slept > 0 ? slept : Infinity);
  }

  #doubt(): void {
    this.#provenFrom = this.#last + 1;
    this.#probeTimer?.cancel();
    this.#probeTimer = this.#context.clock.setTimer(0, () => this.beat());
  }

  #setBeatTimer(): void {
    const { clock, inForce } = this.#context;
    this.#nextBeat = clock.now().monotonic + inForce.beat;
    this.#beatTimer = clock.setTimer(inForce.beat, () => {
      this.#look();
      this.beat();
      this.#setBeatTimer();
    });
  }

  #keepLapseTimer(): void {
    const { clock } = this.#context;
    this.#lapseTimer ??= clock.setTimer(this.#until - clock.now().monotonic, () => {
      this.#lapseTimer = undefined;
      this.lapseIfDue();
      if (this.#until !== -Infinity) this.#keepLapseTimer();
    });
  }
}
