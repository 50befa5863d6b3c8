// One life of a simulated process, from its start to its death: its clock, its connections, its claims as its nodes have
// them. It says what it believes, and leaves the judgement to memory.
import type { ClaimKey } from '../../src/mqtt/arbiter-claim';
import type { Memory } from '../../src/mqtt/arbiter-context';
import type { AuthorityClaim } from '../../src/mqtt/authority';
import type { Answer, ClaimMessage } from '../../src/mqtt/messages';
import type { Random } from '../../src/protocol/clock';
import type { SimulatedBroker } from '../support/simulated-broker';
import type { SimulatedTransport } from '../support/simulated-client';
import type { Direction } from '../support/simulated-lane';
import type { Chance } from './chance';
import type { Machine } from './machine';
import { SimulatedRoute, type Weather } from './network';
import type { ProcessShape, Shape } from './plan';
import type { ClientAsk, MakeRuntime, Runtime } from './runtime';

/** A claim as the node has it that made it. */
export class NodeClaim {
  readonly id: string;
  readonly life: Life;
  readonly message: ClaimMessage;
  readonly resources: readonly string[];
  /** Two claims with the same one may hold the same resource. */
  readonly identity: string;
  isKept: boolean;
  /** As the runtime has it; `undefined` before it does. */
  claim: AuthorityClaim | undefined;
  /** What was told last. */
  told: Answer | undefined;
  isOver = false;
  /** Its node has let it go. */
  isReleased = false;
  /** Of an earlier life. */
  readonly isRecalled: boolean;

  constructor(life: Life, id: string, message: ClaimMessage, isKept: boolean, isRecalled: boolean) {
    const { requester } = life.process;
    this.life = life;
    this.id = id;
    this.message = message;
    this.isKept = isKept;
    this.isRecalled = isRecalled;
    this.resources = message.resources ?? [];
    this.identity = `${requester}/${message.locker ?? requester}`;
  }

  /** What the node would be told now if it asked. */
  isHeld(): boolean {
    const { claim, life } = this;
    if (claim === undefined || this.isOver || this.isReleased) return false;
    if (claim.phase !== 'held' && claim.phase !== 'revoking') return false;
    const { monotonic } = life.machine.now();
    // In this order: whether the machine has slept is noticed by the first, and goes off the leases.
    return monotonic < life.runtime.validUntil && monotonic < claim.expires;
  }
}

/** Who is told what happens to the claims of all lives. */
export interface Witness {
  heard(claim: NodeClaim, answer: Answer): void;
  recalled(claim: NodeClaim): void;
  warned(life: Life, text: string): void;
  /** The broker has lost what it retained, or the latest of it. */
  forgotten(): void;
  /** A node acts on what it was told: a claim that it has let go is no hold any more. */
  released(claim: NodeClaim): void;
}

export interface LifeOptions {
  readonly process: ProcessShape;
  readonly shape: Shape;
  readonly instance: string;
  readonly after: string | undefined;
  readonly memory: Memory;
  readonly machine: Machine;
  readonly chance: Chance;
  readonly broker: SimulatedBroker;
  readonly witness: Witness;
  readonly makeRuntime: MakeRuntime;
}

const FIRST_RETRY = 250;
const LONGEST_RETRY = 1_000;

export class Life {
  readonly process: ProcessShape;
  readonly instance: string;
  readonly machine: Machine;
  readonly runtime: Runtime;
  readonly weather: Weather;
  readonly claims = new Map<string, NodeClaim>();
  readonly #options: LifeOptions;
  readonly #random: Random;
  readonly #clientIds = new Set<string>();
  #clients: { readonly transport: SimulatedTransport; readonly route: SimulatedRoute }[] = [];
  /** Cuts that also hold for connections that are made meanwhile. */
  readonly #cuts = { up: 0, down: 0 };
  #count = 0;
  isStopping = false;
  /** Made before the runtime was ready. */
  #early: NodeClaim[] | undefined = [];

  constructor(options: LifeOptions) {
    const { process, shape, instance, after, memory, machine, chance, witness, makeRuntime } = options;
    this.#options = options;
    this.process = process;
    this.instance = instance;
    this.machine = machine;
    this.#random = chance.random;
    this.weather = { latency: process.latency, delay: 0, lossyShare: 0 };
    this.runtime = makeRuntime({
      ...{ process, shape, instance, after, memory, machine, random: this.#random },
      log: { info: () => undefined, warn: (text) => witness.warned(this, text) },
      hearer: {
        hear: (claim, answer) => this.#hear(claim, answer),
        recall: (claim) => this.#recall(claim),
        move: (claim) => this.#move(claim),
      },
      connect: (ask) => this.#connect(ask),
    });
  }

  get isDead(): boolean {
    return this.machine.state === 'dead';
  }

  start(): void {
    this.machine.run(() => {
      this.runtime.start();
      void this.runtime.ready.then(() => this.#begin());
    });
  }

  kill(): void {
    this.machine.kill();
    for (const { transport } of this.#clients) transport.kill();
  }

  /** Says goodbye; `done` is called when it has. */
  stop(done: () => void): void {
    this.isStopping = true;
    this.machine.run(() => void this.runtime.stop().then(done));
  }

  /** Of this life, in the order in which they were made. */
  alive(): readonly NodeClaim[] {
    return [...this.claims.values()].filter(({ isOver, isReleased }) => !isOver && !isReleased);
  }

  make(message: ClaimMessage, isKept: boolean): NodeClaim {
    const claim = new NodeClaim(this, `${this.instance}.${++this.#count}`, message, isKept, false);
    this.claims.set(claim.id, claim);
    if (this.#early === undefined) this.#ask(claim);
    else this.#early.push(claim);
    return claim;
  }

  release(claim: NodeClaim): void {
    claim.isReleased = true;
    if (claim.claim !== undefined) this.runtime.release(claim.claim);
    this.#options.witness.released(claim);
  }

  /** Whether it ever had a connection with this client id. */
  hasSpokenAs(clientId: string): boolean {
    return this.#clientIds.has(clientId);
  }

  /** The connections that there are, in the order in which they were made. */
  get connections(): readonly SimulatedTransport[] {
    return this.#clients.map(({ transport }) => transport).filter(({ connected }) => connected);
  }

  /** Nothing passes there any more; gives back how to mend it. Without a transport it is so for all of the process. */
  cut(directions: readonly Direction[], transport: SimulatedTransport | undefined): () => void {
    const hit = this.#clients.filter((client) => transport === undefined || client.transport === transport);
    const isWhole = transport === undefined;
    for (const direction of directions) {
      if (isWhole) this.#cuts[direction]++;
      for (const { route } of hit) route.cut(direction);
    }
    this.noteRoutes();
    return () => {
      for (const direction of directions) {
        if (isWhole) this.#cuts[direction]--;
        const mended = isWhole ? this.#clients : hit;
        for (const { route } of mended) if (route.isCut(direction)) route.mend(direction);
      }
      this.noteRoutes();
    };
  }

  noteRoutes(): void {
    for (const { transport } of this.#clients) transport.noteRoute();
  }

  #begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const claim of early) if (!claim.isReleased) this.#ask(claim);
  }

  #ask(claim: NodeClaim): void {
    const { id, message, isKept } = claim;
    const owner: ClaimKey = { path: `node ${id}`, key: 'key' };
    const made = this.runtime.claim({ id, owner, message, isKept });
    if (!('reason' in made)) claim.claim ??= made;
    else this.#tell(claim, { id, result: 'denied', resources: claim.resources, ended: 'at once', ...made });
  }

  #connect({ clientId, will, reconnects = true }: ClientAsk): SimulatedTransport {
    const { broker, chance, machine, shape } = this.#options;
    const route = new SimulatedRoute(this.weather, chance);
    for (const direction of ['up', 'down'] as const) {
      for (let count = 0; count < this.#cuts[direction]; count++) route.cut(direction);
    }
    let failures = 0;
    const transport = broker.client({
      ...{ clientId, reconnects, route, host: machine, keepaliveMs: shape.keepalive },
      ...(will && { will }),
      retryMs: () => Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** failures++) * (1 - this.#random() / 2),
    });
    transport.onConnection((connected) => {
      if (connected) failures = 0;
    });
    this.#clients = this.#clients.filter((client) => !client.transport.isOver);
    this.#clients.push({ transport, route });
    this.#clientIds.add(transport.clientId);
    return transport;
  }

  #hear(claim: AuthorityClaim, answer: Answer): void {
    const mine = this.claims.get(claim.id);
    if (mine === undefined) return;
    mine.claim = claim;
    this.#tell(mine, answer);
  }

  #tell(claim: NodeClaim, answer: Answer): void {
    this.#options.witness.heard(claim, answer);
    claim.told = answer;
    if (answer.ended !== undefined) claim.isOver = true;
    if (answer.result === 'revoking' && !claim.isOver) this.#windDown(claim);
  }

  /** Most nodes stop in their grace; some never do. */
  #windDown(claim: NodeClaim): void {
    const grace = claim.message.grace ?? 0;
    if (grace === 0 || this.#random() < 0.2) return;
    this.machine.setTimer(this.#random() * grace, () => {
      if (claim.claim !== undefined && !claim.isOver) this.runtime.yield(claim.claim);
    });
  }

  #move(claim: AuthorityClaim): void {
    const mine = this.claims.get(claim.id);
    if (mine !== undefined) mine.claim = claim;
  }

  #recall(claim: AuthorityClaim): void {
    const mine = new NodeClaim(this, claim.id, claim.message, true, true);
    mine.claim = claim;
    this.claims.set(claim.id, mine);
    this.#options.witness.recalled(mine);
  }
}
