// The numbered frames between a participant and whoever decides: what is to be said goes in order, beginning with all that
// is claimed whenever somebody may not know it, and what is told is read in order.
import { LazyTimer } from './lazy-timer';
import type { ParticipantClaims } from './participant-claims';
import type { Contact, Moment } from './participant-contact';
import type { ParticipantContext } from './participant-context';
import type { BeatReturn, ClaimOp, DownFrame, UpFrame } from './session-messages';
import { FrameReceiver, FrameSender } from './stream';

export interface ChannelHost {
  /** Has a new stream begun, if that is possible by now. */
  greet(): void;
  /** Sends a frame of the session, if there is a connection. */
  publish(text: string): void;
  /** Whoever decides knew of all that is claimed, and had this beat; he wrote that after `sentAt` (monotonic ms). */
  proved(beat: number, sentAt: number): void;
  /** Whoever decides has ended our session. */
  forgotten(): void;
}

/** Whose claims are listed, and who is told of them. */
export type ChannelClaims = Pick<ParticipantClaims, 'list' | 'followUp' | 'told' | 'acknowledged'>;

/** So much of a frame is what it says, in characters. */
const LARGEST_FRAME = 32 * 1024;
/** Whoever awaits that a lock is let go, and then takes the next one, does that after so many promises at most. */
const PATIENCE = 8;

interface Waiting {
  readonly text: string;
  readonly framed: ((frame: number) => void) | undefined;
}

interface Stream {
  readonly number: number;
  readonly epoch: number;
  /** When its hello was sent, and the last beat before that. */
  readonly begun: Moment;
  readonly begunAfterBeat: number;
  readonly sender: FrameSender<string>;
  readonly receiver: FrameReceiver;
  /** The frame that ends the hello, once it has left. */
  readyFrame: number;
  /** The other side has heard of it. */
  wasHeard: boolean;
}

export interface ChannelParts {
  readonly context: ParticipantContext;
  readonly contact: Contact;
  readonly claims: ChannelClaims;
  readonly host: ChannelHost;
}

export class Channel {
  readonly #parts: ChannelParts;
  readonly #context: ParticipantContext;
  #count = 0;
  /** The term of whoever answered last on this connection. */
  #witnessed: number | undefined;
  #stream: Stream | undefined;
  #waiting: Waiting[] = [];
  #isFlushing = false;
  readonly #ackTimer: LazyTimer;

  constructor(parts: ChannelParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#ackTimer = new LazyTimer(parts.context.clock, () => {
      if (this.#stream !== undefined) this.#sendAck(this.#stream);
    });
  }

  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  /** Begins anew with all that is claimed: whoever decides in the term in force may know nothing of it. */
  begin(): void {
    const { contact, claims } = this.#parts;
    this.drop();
    const { clock, epoch, greatestToken, before } = this.#context;
    const { instance: after } = before();
    const stream: Stream = {
      number: ++this.#count,
      epoch,
      begun: contact.moment(),
      begunAfterBeat: contact.lastBeat,
      sender: new FrameSender({ clock, send: (n, ops) => this.#sendFrame(stream, n, ops) }),
      receiver: new FrameReceiver(),
      readyFrame: Infinity,
      wasHeard: false,
    };
    this.#stream = stream;
    const witnessed = this.#witnessed;
    this.send({
      op: 'hello',
      ...(after !== undefined && { after }),
      ...(witnessed !== undefined && { witnessed }),
      ...(greatestToken > 0 && { token: greatestToken }),
    });
    for (const op of claims.list()) this.send(op);
    this.send({ op: 'ready' }, (frame) => {
      stream.readyFrame = frame;
    });
    claims.followUp();
    this.flush();
    // Whose return shows, without waiting for the next one, that all of it has come.
    contact.beat();
  }

  /** Something was answered in this term. */
  witness(epoch: number): void {
    this.#witnessed = epoch;
  }

  /** The connection is gone, or nothing is heard of what is answered: the broker may be another one by now. */
  forgetWitness(): void {
    this.#witnessed = undefined;
  }

  /** Whatever was said or is told on it counts no more. */
  drop(): void {
    this.#stream?.sender.stop();
    this.#stream = undefined;
    this.#waiting = [];
    this.#ackTimer.stop();
  }

  /** Sends it with the other things of this turn; `false` if there is nobody, who then hears of all that is claimed. */
  send(op: ClaimOp, framed?: (frame: number) => void): boolean {
    if (this.#stream === undefined) return false;
    this.#waiting.push({ text: JSON.stringify(op), framed });
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      this.#flushSoon(PATIENCE);
    }
    return true;
  }

  #flushSoon(patience: number): void {
    queueMicrotask(() => {
      if (patience > 0) {
        this.#flushSoon(patience - 1);
        return;
      }
      this.#isFlushing = false;
      this.flush();
    });
  }

  /** Sends what is waiting, as far as there is place. */
  flush(): void {
    const sender = this.#stream?.sender;
    while (sender !== undefined && this.#waiting.length > 0 && !sender.isFull) {
      const together = this.#takeFrame();
      const frame = sender.send(together.map(({ text }) => text).join(','));
      for (const { framed } of together) framed?.(frame);
    }
  }

  /** What is told in a frame. */
  heard(frame: DownFrame): void {
    const stream = this.#stream;
    if (stream === undefined || frame.stream !== stream.number) return;
    this.#acknowledge(stream, frame.ack);
    const sent = this.#prove(stream, frame);
    if (frame.n === undefined) return;
    this.#ackSoon();
    if (!stream.receiver.accept(frame.n)) return;
    const slept = this.#parts.contact.sleptSince(sent);
    this.#parts.claims.told(frame.tells, { sentAt: sent.at, slept, ack: frame.ack });
  }

  /** A beat has come back. */
  returned(message: BeatReturn): void {
    const stream = this.#stream;
    if (stream === undefined || message.stream !== stream.number) {
      this.#returnedOther(stream, message.beat);
      return;
    }
    this.#acknowledge(stream, message.ack);
    this.#prove(stream, message);
    // Something was told that has not come: who hears how far we are, repeats it.
    if (message.last > stream.receiver.last) this.#sendAck(stream);
  }

  /** Somebody decides who knows of fewer terms than we do: tells him of ours. */
  report(): void {
    if (this.#stream === undefined || this.#stream.wasHeard) this.#parts.host.greet();
  }

  stop(): void {
    this.drop();
  }

  /** A hello that was not heard yet is repeated anyway; who has heard it once knows of our session no longer. */
  #returnedOther(stream: Stream | undefined, beat: number): void {
    if (stream?.wasHeard === true && beat > stream.begunAfterBeat) this.#parts.host.forgotten();
    if (this.#stream === undefined) this.#parts.host.greet();
  }

  /** Gives back when the last was sent that its writer had heard for certain. */
  #prove({ begun, readyFrame }: Stream, { beat, ack }: Pick<BeatReturn, 'beat' | 'ack'>): Moment {
    const beaten = this.#parts.contact.momentOf(beat);
    const sent = beaten !== undefined && beaten.at > begun.at ? beaten : begun;
    if (ack >= readyFrame) this.#parts.host.proved(beat, sent.at);
    return sent;
  }

  #acknowledge(stream: Stream, ack: number): void {
    if (ack > 0) stream.wasHeard = true;
    stream.sender.acknowledge(ack);
    this.#parts.claims.acknowledged(ack);
    this.flush();
  }

  #takeFrame(): readonly Waiting[] {
    let length = 0;
    let count = 0;
    for (const { text } of this.#waiting) {
      length += text.length + 1;
      if (count > 0 && length > LARGEST_FRAME) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  #ackSoon(): void {
    const { clock, inForce } = this.#context;
    if (!this.#ackTimer.isSet) this.#ackTimer.set(clock.now().monotonic, inForce.beat / 2);
  }

  #sendAck(stream: Stream): void {
    this.#sendFrame(stream, undefined, '');
  }

  #sendFrame({ number, epoch, receiver }: Stream, n: number | undefined, ops: string): void {
    const head: Omit<UpFrame, 'ops'> = {
      ...{ v: 1, session: this.#context.instance, epoch, stream: number },
      ...(n !== undefined && { n }),
      ack: receiver.last,
    };
    this.#ackTimer.clear();
    this.#parts.host.publish(`${JSON.stringify(head).slice(0, -1)},"ops":[${ops}]}`);
  }
}
