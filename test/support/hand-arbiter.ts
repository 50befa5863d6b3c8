// An arbiter's end of a session, worked by hand: it returns beats and acknowledges frames, and tells what the test has it
// tell. It decides nothing.
import type { Answer } from '../../src/mqtt/messages';
import type { ClaimOp, MakeOp, UpFrame } from '../../src/mqtt/session-messages';
import type { HandClock } from './hand-clock';
import type { SimulatedBroker, SimulatedTransport } from './simulated-broker';

export interface HandArbiterOptions {
  readonly requester?: string;
  readonly epoch?: number;
  readonly settings?: Record<string, unknown>;
}

/** What is told of a claim at each of its ops: nothing by default. */
export type Decision = (op: ClaimOp) => Partial<Answer> | undefined;

export class HandArbiter {
  readonly broker: SimulatedBroker;
  readonly clock: HandClock;
  readonly client: SimulatedTransport;
  readonly epoch: number;
  readonly requester: string;
  readonly settings: Record<string, unknown>;
  /** Everything that was acted upon, in order. */
  readonly ops: ClaimOp[] = [];
  /** Every frame that came, whether it was the next one or not. */
  readonly frames: UpFrame[] = [];
  decide: Decision = () => undefined;
  /** It neither returns beats nor hears frames. */
  isDeaf = false;
  /** It returns beats, but acts on no frames. */
  ignoresFrames = false;
  /** It acts on frames up to this number only. */
  actsUpTo = Infinity;
  /** It refuses every beat. */
  refuses: string | undefined;
  session = '';
  beat = 0;
  stream = 0;
  #expected = 1;
  #sent = 0;

  constructor(broker: SimulatedBroker, options: HandArbiterOptions = {}) {
    this.broker = broker;
    this.clock = broker.clock as HandClock;
    this.epoch = options.epoch ?? 1;
    this.requester = options.requester ?? 'house';
    this.settings = { session: 10_000, beat: 1_000, ...options.settings };
    this.client = broker.client({ clientId: `arbiter ${this.epoch}` });
    this.client.onConnection((connected) => {
      if (connected) void this.client.subscribe(['locks/session/#', 'locks/beat/#']);
    });
    this.client.onMessage(({ topic, payload }) => {
      if (this.isDeaf) return;
      if (topic.startsWith('locks/beat/')) this.#returnBeat(JSON.parse(Buffer.from(payload).toString()));
      else if (topic.endsWith('/claims')) this.#hear(JSON.parse(Buffer.from(payload).toString()));
    });
  }

  async start(): Promise<this> {
    this.client.start();
    await this.clock.advance(10);
    this.showPresence();
    await this.clock.advance(10);
    return this;
  }

  showPresence(online = true): void {
    const { requester, epoch, settings } = this;
    const presence = { v: 1, online, requester, instance: `of ${epoch}`, epoch, tokenFloor: 0, settings };
    this.broker.publish('locks/arbiter', JSON.stringify(presence), { retain: true });
  }

  /** Ops of one kind. */
  got<Kind extends ClaimOp['op']>(kind: Kind): readonly Extract<ClaimOp, { readonly op: Kind }>[] {
    return this.ops.filter((op): op is Extract<ClaimOp, { readonly op: Kind }> => op.op === kind);
  }

  listed(id: string): MakeOp | undefined {
    return this.got('claim').findLast((op) => op.id === id);
  }

  /** Forgets the session. */
  forget(): void {
    this.stream = 0;
  }

  tell(id: string, answer: Partial<Answer>): void {
    this.send(++this.#sent, [{ id, answer: { id, resources: ['lights'], result: 'granted', ...answer } }]);
  }

  /** Sends a frame, with any number. */
  send(n: number | undefined, tells: readonly unknown[], beat = this.beat): void {
    const { session, epoch, stream } = this;
    const frame = { v: 1, session, epoch, stream, n, ack: this.#expected - 1, beat, tells };
    this.publish(frame);
  }

  get sent(): number {
    return this.#sent;
  }

  publish(message: object): void {
    void this.client.publish('locks/session/desk/answers', JSON.stringify(message), {
      qos: 0,
      retain: false,
    });
  }

  #returnBeat({ session, beat }: { readonly session: string; readonly beat: number }): void {
    if (this.refuses !== undefined) {
      this.publish({ v: 1, session, epoch: this.epoch, refused: this.refuses });
      return;
    }
    const isKnown = session === this.session && this.stream > 0;
    if (isKnown) this.beat = beat;
    const stream = isKnown ? this.stream : 0;
    const ack = isKnown ? this.#expected - 1 : 0;
    this.publish({ v: 1, session, epoch: this.epoch, beat, stream, ack, last: isKnown ? this.#sent : 0 });
  }

  #hear(frame: UpFrame): void {
    this.frames.push(frame);
    if (frame.epoch !== this.epoch || this.ignoresFrames || this.refuses !== undefined) return;
    if (frame.n === 1 && frame.ops[0]?.op === 'hello' && this.#isNew(frame)) this.#begin(frame);
    if (frame.stream !== this.stream || frame.n === undefined) return;
    const isNext = frame.n === this.#expected && frame.n <= this.actsUpTo;
    if (isNext) this.#expected++;
    if (isNext) for (const op of frame.ops) this.#act(op);
    this.send(undefined, []);
  }

  #isNew({ session, stream }: UpFrame): boolean {
    return session !== this.session || stream > this.stream;
  }

  #begin({ session, stream }: UpFrame): void {
    this.session = session;
    this.stream = stream;
    this.#expected = 1;
    this.#sent = 0;
  }

  #act(op: ClaimOp): void {
    this.ops.push(op);
    const answer = this.decide(op);
    if (answer !== undefined && 'id' in op) this.tell(op.id, answer);
  }
}
