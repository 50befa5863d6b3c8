// A participant's end of a session, worked by hand: it says what the test has it say, and keeps what it is told. It
// believes nothing.
import type { Answer, ClaimMessage } from '../../src/mqtt/messages';
import type {
  BeatReturn,
  ClaimOp,
  DownFrame,
  MakeOp,
  SessionRefusal,
  UpFrame,
  Was,
} from '../../src/mqtt/session-messages';
import type { SimulatedBroker } from './simulated-broker';

type Down = DownFrame | BeatReturn | SessionRefusal;

export class HandParticipant {
  readonly broker: SimulatedBroker;
  readonly requester: string;
  readonly instance: string;
  epoch = 1;
  stream = 0;
  beats = 0;
  #sent = 0;
  /** What was published before it was there is none of its business. */
  readonly #since: number;

  constructor(broker: SimulatedBroker, instance = 'first', requester = 'desk') {
    this.broker = broker;
    this.instance = instance;
    this.requester = requester;
    this.#since = broker.log.length;
  }

  /** Everything that was answered to this instance, in order. */
  get answers(): readonly Down[] {
    const topic = `locks/session/${this.requester}/answers`;
    return this.broker.log
      .slice(this.#since)
      .filter((published) => published.topic === topic)
      .map(({ payload }): Down => JSON.parse(payload))
      .filter(({ session }) => session === this.instance);
  }

  get returns(): readonly BeatReturn[] {
    return this.answers.filter((down): down is BeatReturn => 'last' in down);
  }

  get frames(): readonly DownFrame[] {
    return this.answers.filter((down): down is DownFrame => 'tells' in down);
  }

  get refusals(): readonly string[] {
    return this.answers.flatMap((down) => ('refused' in down ? [down.refused] : []));
  }

  /** What was told of a claim, in frames with numbers of their own: a repetition is none. */
  told(id: string): readonly Answer[] {
    const frames = new Map(this.frames.map((frame) => [`${frame.stream} ${frame.n}`, frame]));
    return [...frames.values()]
      .flatMap(({ tells }) => tells)
      .flatMap((tell) => (tell.id === id ? [tell.answer] : []));
  }

  results(id: string): readonly string[] {
    return this.told(id).map(({ result, reason }) => (reason === undefined ? result : `${result} ${reason}`));
  }

  beat(beat = ++this.beats): void {
    this.broker.publish(`locks/beat/${this.requester}`, JSON.stringify({ session: this.instance, beat }));
  }

  /** A new stream, with all that it claims. */
  hello(claims: readonly MakeOp[] = [], more: { readonly after?: string } = {}): void {
    this.stream++;
    this.#sent = 0;
    this.say({ op: 'hello', ...more }, ...claims, { op: 'ready' });
  }

  /** The next frame. */
  say(...ops: readonly ClaimOp[]): void {
    this.frame({ n: ++this.#sent, ops });
  }

  /** Any frame. */
  frame(change: Partial<UpFrame> = {}): void {
    const { instance: session, epoch, stream } = this;
    const frame = { v: 1, session, epoch, stream, ack: 0, ops: [], ...change };
    this.broker.publish(`locks/session/${this.requester}/claims`, JSON.stringify(frame));
  }

  presence(change: object): void {
    const message = { v: 1, online: true, instance: this.instance, ...change };
    this.broker.publish(`locks/session/${this.requester}`, JSON.stringify(message), { retain: true });
  }
}

/** A claim of the resource that has its id for a name, or of another one. */
export function make(id: string, message: ClaimMessage = {}, was?: Was): MakeOp {
  return { op: 'claim', id, name: id, message, keep: false, ...(was !== undefined && { was }) };
}
