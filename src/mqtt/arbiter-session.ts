// One session as the arbiter has it: its heartbeats, the numbered frames from and to its participant, and what it is
// still to be told. It decides nothing about claims.
import { spellAnswer } from './arbiter-answers';
import type { ArbiterClaim } from './arbiter-claim';
import type { Context } from './arbiter-context';
import type { Answer } from './messages';
import type { BeatReturn, ClaimOp, MakeOp, SessionRefusal, UpFrame } from './session-messages';
import { FrameReceiver, FrameSender } from './stream';

export interface SessionOptions {
  readonly context: Context;
  readonly requester: string;
  readonly instance: string;
  /** Of what a claim holds. */
  readonly tokenOf: (id: string) => number | undefined;
  /** Sends it on the topic of its answers. */
  readonly publish: (text: string) => void;
}

/** When something is told: who loses before the states of a step, who wins after them. */
export type Turn = 'losing' | 'winning';

/** So much of a frame is what it tells, in characters. */
const LARGEST_FRAME = 32 * 1024;
/** A participant acknowledges within half a beat. */
const RETRY_BEATS = 1.5;

interface Stream {
  readonly number: number;
  readonly sender: FrameSender<Content>;
  readonly receiver: FrameReceiver;
}

/** Of which claim, and the answer as it is written. */
interface TellText {
  readonly id: string;
  readonly text: string;
  /** The claim, where it is told how that stands. */
  readonly claim?: ArbiterClaim;
}

/** What a frame tells, and the last beat that was heard when it was written. */
interface Content {
  readonly beat: number;
  readonly tells: readonly TellText[];
}

export class Session {
  readonly requester: string;
  readonly instance: string;
  /** Monotonic ms at which it was heard last, or at which it was taken for alive. */
  aliveAt: number;
  /** What its participant has listed so far; `undefined` when the list is complete, or none has begun. */
  listed: Map<string, MakeOp> | undefined = undefined;
  /** The list is complete. */
  isReady = false;
  /** What it has is known here since an earlier list. */
  hasListed = false;
  /** What it wants before anything is decided. */
  postponed: ClaimOp[] = [];
  readonly #context: Context;
  readonly #tokenOf: SessionOptions['tokenOf'];
  readonly #publish: (text: string) => void;
  #beat = 0;
  #stream: Stream | undefined;
  #owesAck = false;
  readonly #refusals: TellText[] = [];
  readonly #pending = { losing: new Map<string, ArbiterClaim>(), winning: new Map<string, ArbiterClaim>() };
  /** How claims have ended, until that was heard; with the frame that tells it, once it has left. */
  readonly #ends = new Map<string, { readonly answer: Answer; frame: number }>();

  constructor({ context, requester, instance, tokenOf, publish }: SessionOptions) {
    this.#tokenOf = tokenOf;
    this.#context = context;
    this.requester = requester;
    this.instance = instance;
    this.#publish = publish;
    this.aliveAt = context.clock.now().monotonic;
  }

  /** It is alive: tells it at once that it was heard. */
  heardBeat(beat: number): void {
    this.aliveAt = this.#context.clock.now().monotonic;
    this.#beat = Math.max(this.#beat, beat);
    const { number = 0, receiver, sender } = this.#stream ?? {};
    const back: BeatReturn = {
      ...this.#address,
      ...{ beat, stream: number, ack: receiver?.last ?? 0, last: sender?.last ?? 0 },
    };
    this.#owesAck = false;
    this.#publish(JSON.stringify(back));
  }

  /** What is new of a frame, in order; a stream that begins makes the one before of no interest. */
  heardFrame(frame: UpFrame): readonly ClaimOp[] {
    const { n, ack, ops } = frame;
    if (this.#begins(frame)) this.#begin(frame.stream);
    const stream = this.#stream;
    if (stream === undefined || stream.number !== frame.stream) return [];
    stream.sender.acknowledge(ack);
    for (const [id, { frame: last }] of this.#ends) if (last <= ack) this.#ends.delete(id);
    if (n === undefined) return [];
    this.#owesAck = true;
    return stream.receiver.accept(n) ? ops : [];
  }

  /** What has become of a claim of it; what was to be told of it before is of no interest any more. */
  note(claim: ArbiterClaim, turn: Turn): void {
    const { id, answer } = claim;
    // Who lets go has ended it before he said so.
    const isKnown = answer?.result === 'released';
    if (answer?.ended !== undefined && !isKnown) this.#ends.set(id, { answer, frame: Infinity });
    if (this.#stream === undefined) return;
    this.#pending.losing.delete(id);
    this.#pending.winning.delete(id);
    if (!isKnown) this.#pending[turn].set(id, claim);
  }

  /** How a claim has ended, unless its participant has acknowledged that. */
  endOf(id: string): Answer | undefined {
    return this.#ends.get(id)?.answer;
  }

  /** What it has is known here: of the end of anything else it has heard. */
  noteList(listed: ReadonlyMap<string, MakeOp>): void {
    this.hasListed = true;
    for (const id of this.#ends.keys()) if (!listed.has(id)) this.#ends.delete(id);
  }

  /** An answer that says nothing of how the claim stands. */
  noteRefusal(id: string, answer: Answer): void {
    if (this.#stream !== undefined) this.#refusals.push({ id, text: JSON.stringify(answer) });
  }

  /** Something was heard that nothing has acknowledged. */
  get owesAck(): boolean {
    return this.#owesAck;
  }

  get hasNews(): boolean {
    const { losing, winning } = this.#pending;
    return losing.size + winning.size + this.#refusals.length > 0;
  }

  /** Tells what was noted, as it stands now. */
  flush(turn: Turn): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const tells = turn === 'losing' ? this.#refusals.splice(0) : [];
    const pending = this.#pending[turn];
    if (!stream.sender.isFull) {
      for (const claim of pending.values()) {
        if (claim.answer !== undefined) tells.push(this.#tell(claim, claim.answer));
      }
      pending.clear();
    }
    if (tells.length === 0) return;
    for (const together of inFrames(tells)) stream.sender.send({ beat: this.#beat, tells: together });
    for (const { id } of tells) {
      const end = this.#ends.get(id);
      if (end !== undefined) end.frame = stream.sender.last;
    }
  }

  /** Who is to give a hold up must be able to name it, though its grant may have been passed over. */
  #tell(claim: ArbiterClaim, answer: Answer): TellText {
    const token = answer.result === 'revoking' ? this.#tokenOf(claim.id) : answer.token;
    const whole = token === undefined ? answer : { ...answer, token };
    return { id: claim.id, text: spellAnswer(claim, whole, this.#context.clock.now()), claim };
  }

  /**
   * What was told while there was no broker, and not heard, may have been over before any state could show it: instead,
   * how those claims stand is told.
   */
  restate(): void {
    this.#stream?.sender.revise(({ beat, tells }) => {
      for (const { claim } of tells) {
        if (claim !== undefined) this.note(claim, claim.isHeld ? 'winning' : 'losing');
      }
      return { beat, tells: tells.filter(({ claim }) => claim === undefined) };
    });
  }

  /** Says how far it was heard, if nothing else has said so by now. */
  flushAck(): void {
    if (this.#owesAck && this.#stream !== undefined) {
      this.#send(this.#stream, undefined, { beat: this.#beat, tells: [] });
    }
  }

  /** Why it is not heard. */
  refuse(why: string): void {
    const refusal: SessionRefusal = { ...this.#address, refused: why };
    this.#publish(JSON.stringify(refusal));
  }

  stop(): void {
    this.#stream?.sender.stop();
    this.#stream = undefined;
  }

  get #address() {
    return { v: 1, session: this.instance, epoch: this.#context.epoch } as const;
  }

  #begins({ stream, n, ops }: UpFrame): boolean {
    return n === 1 && ops[0]?.op === 'hello' && stream > (this.#stream?.number ?? 0);
  }

  #begin(number: number): void {
    this.stop();
    this.#refusals.length = 0;
    this.#pending.losing.clear();
    this.#pending.winning.clear();
    for (const end of this.#ends.values()) end.frame = Infinity;
    this.listed = undefined;
    this.isReady = false;
    this.postponed = [];
    // Its participant believes from here on, if it is answered.
    this.aliveAt = this.#context.clock.now().monotonic;
    const { clock, timing } = this.#context;
    const send = (n: number, content: Content) => this.#send(stream, n, content);
    const sender = new FrameSender<Content>({ clock, firstRetry: RETRY_BEATS * timing.beat, send });
    const stream: Stream = { number, sender, receiver: new FrameReceiver() };
    this.#stream = stream;
  }

  #send({ number, receiver }: Stream, n: number | undefined, { beat, tells }: Content): void {
    const head = { ...this.#address, stream: number, ...(n !== undefined && { n }), ack: receiver.last };
    this.#owesAck = false;
    const content = `"beat":${beat},"tells":[${tells.map(tellOf).join(',')}]`;
    this.#publish(`${JSON.stringify(head).slice(0, -1)},${content}}`);
  }
}

function tellOf({ id, text }: TellText): string {
  return `{"id":${JSON.stringify(id)},"answer":${text}}`;
}

/** As few frames as there may be, in order. */
function inFrames(tells: readonly TellText[]): readonly TellText[][] {
  const frames: TellText[][] = [];
  let length = Infinity;
  for (const tell of tells) {
    length += tell.text.length;
    if (length > LARGEST_FRAME) {
      frames.push([]);
      length = tell.text.length;
    }
    frames.at(-1)?.push(tell);
  }
  return frames;
}
