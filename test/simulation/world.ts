// A house in which everything goes wrong: processes, devices and a broker, on which a plan is carried out step by step.
import type { Memory, Remembered } from '../../src/mqtt/arbiter-context';
import { SimulatedBroker } from '../support/simulated-broker';
import type { SimulatedTransport } from '../support/simulated-client';
import type { Direction } from '../support/simulated-lane';
import { Chance } from './chance';
import { Life, type Witness } from './life';
import { Machine } from './machine';
import type { Deed, Fault, Plan, ProcessShape, Step } from './plan';
import type { MakeRuntime } from './runtime';
import { Timeline } from './timeline';
import { Trace } from './trace';

export const PREFIX = 'locks';
const BEGINNING = Date.UTC(2026, 0, 1, 12);
/** How long a device needs to hear of a broker that is there again, and to claim again what was forgotten. */
const DEVICE_RETRY = 2_000;

export interface WorldOptions {
  readonly plan: Plan;
  readonly makeRuntime: MakeRuntime;
  readonly witness: (world: World) => Witness;
}

/** One process as its service keeps it: started again whenever it ends. */
interface Slot {
  readonly process: ProcessShape;
  life: Life;
  wallError: number;
}

export class World {
  readonly timeline = new Timeline();
  readonly trace = new Trace(() => this.timeline.time);
  readonly broker: SimulatedBroker;
  readonly plan: Plan;
  /** How often each kind of fault was done. */
  readonly faults = new Map<string, number>();
  /** When the last fault ended, as far as it has; `Infinity` while one lasts. */
  troubleUntil = 0;
  /** What devices want, by topic. */
  readonly wishes = new Map<string, string>();
  /** Topics on which devices could not say that they want something else now: they say it when they are connected. */
  readonly #unsaid = new Set<string>();
  readonly #options: WorldOptions;
  readonly #chance: Chance;
  readonly #slots: Slot[];
  readonly #witness: Witness;
  /** How to end each fault that lasts. */
  readonly #lasting = new Set<() => void>();
  /** What processes remember, by name. */
  readonly #kept = new Map<string, Remembered>();
  #saved: ReadonlyMap<string, string> = new Map();
  /** The broker has lost what it retained, or the latest of it, at least once. */
  hasForgotten = false;
  #instances = 0;
  /** Faults last no longer than this moment. */
  #isQuiet = false;
  /** Until when (simulated ms) messages may arrive that were slowed down. */
  lateUntil = 0;

  constructor(options: WorldOptions) {
    const { plan, witness } = options;
    this.#options = options;
    this.plan = plan;
    this.#chance = new Chance(plan.seed).fork('world');
    this.broker = new SimulatedBroker({ clock: this.timeline, isLogging: false });
    this.#witness = witness(this);
    this.#slots = plan.shape.processes.map((process) => ({
      process,
      life: this.#born(process, process.wallError, undefined),
      wallError: process.wallError,
    }));
    this.#saveLater();
  }

  get lives(): readonly Life[] {
    return this.#slots.map(({ life }) => life).filter(({ isDead }) => !isDead);
  }

  start(): void {
    for (const { life } of this.#slots) life.start();
  }

  /** Carries out the steps of a round, then ends all faults. */
  async live(steps: readonly Step[], length: number): Promise<void> {
    const beginning = this.timeline.time;
    this.#isQuiet = false;
    for (const step of steps) {
      this.timeline.setTimer(step.at, () => this.#do(step));
    }
    await this.timeline.run(beginning + length);
    this.heal();
  }

  /** Ends all faults at once. */
  heal(): void {
    this.#isQuiet = true;
    for (const end of [...this.#lasting]) end();
    this.trace.note('world', 'all faults are over');
  }

  /** Every process says goodbye, in some order. */
  stopAll(): void {
    for (const { life } of this.#slots) {
      const delay = this.#chance.between(0, 3_000);
      this.timeline.setTimer(delay, () => {
        this.trace.note(life.process.requester, 'stops for good');
        life.stop(() => life.machine.kill());
      });
    }
  }

  withdrawAll(): void {
    for (const topic of this.wishes.keys()) this.broker.publish(topic, '', { retain: true });
    this.wishes.clear();
    for (const life of this.lives) {
      for (const claim of life.alive()) life.machine.run(() => life.release(claim));
    }
  }

  #born(process: ProcessShape, wallError: number, after: string | undefined): Life {
    const { timeline, broker } = this;
    const chance = this.#chance.fork(`${process.requester} ${this.#instances}`);
    return new Life({
      ...{ process, after, memory: this.#memoryOf(process), chance, broker, shape: this.plan.shape },
      instance: `i${++this.#instances}`,
      machine: new Machine({
        ...{ timeline, chance, rate: process.rate },
        wall: BEGINNING + timeline.time + wallError,
      }),
      witness: this.#witness,
      makeRuntime: this.#options.makeRuntime,
    });
  }

  /** It is kept in a file, which outlives the process. */
  #memoryOf({ requester }: ProcessShape): Memory {
    const kept = this.#kept;
    const known = () => kept.get(requester) ?? { othersMayHold: false, tokenFloor: 0 };
    return {
      get othersMayHold() {
        return known().othersMayHold;
      },
      get tokenFloor() {
        return known().tokenFloor;
      },
      note: (change) => void kept.set(requester, { ...known(), ...change }),
    };
  }

  #do(step: Step): void {
    const isDeed = this.#isDeed(step);
    this.trace.note(isDeed ? 'deed' : 'fault', spell(step));
    if (isDeed) this.#doDeed(step);
    else {
      this.faults.set(step.kind, (this.faults.get(step.kind) ?? 0) + 1);
      // Before it: whoever is told at once is in trouble already.
      this.troubleUntil = Math.max(this.troubleUntil, this.timeline.time);
      this.#doFault(step);
    }
  }

  #isDeed(step: Step): step is Deed & { readonly at: number } {
    return ['claim', 'release', 'update', 'keep', 'force', 'device'].includes(step.kind);
  }

  #doDeed(deed: Deed): void {
    if (deed.kind === 'device') {
      this.#doDevice(deed);
      return;
    }
    const { life } = this.#slots[deed.process] as Slot;
    // Who is dead, or stands still, does nothing.
    if (!life.machine.isRunning || life.isStopping) return;
    if (deed.kind === 'claim') life.make(deed.message, deed.isKept);
    else if (deed.kind === 'force') this.#force(life, deed.resource);
    else {
      const alive = life.alive();
      const claim = alive[Math.floor(deed.claim * alive.length)];
      if (claim?.claim === undefined) return;
      if (deed.kind === 'release') life.release(claim);
      else if (deed.kind === 'update') life.runtime.update(claim.claim, deed.change);
      else {
        claim.isKept = deed.isKept;
        life.runtime.keep(claim.claim, deed.isKept);
      }
    }
  }

  #force(life: Life, resource: string): void {
    for (const { resource: other, token } of life.runtime.states()) {
      if (other !== resource || token === undefined) continue;
      // Why not is told by the states, too.
      void life.runtime.force(resource, token, 'operator');
    }
  }

  #doDevice({ device, name, message }: Extract<Deed, { kind: 'device' }>): void {
    const topic = `${PREFIX}/claim/${device}/${name}`;
    const payload = message === undefined ? '' : JSON.stringify(message);
    if (message === undefined) this.wishes.delete(topic);
    else this.wishes.set(topic, payload);
    if (message === undefined) this.#lookAgain(topic);
    if (this.broker.isUp) this.broker.publish(topic, payload, { retain: true });
    else this.#unsaid.add(topic);
  }

  /**
   * Of a withdrawal nothing stays at the broker: if whoever decides was not there to hear it, and does not find the claim
   * later, that broker may as well have forgotten it. A device looks at the answer, and withdraws again what still stands.
   */
  #lookAgain(topic: string): void {
    this.timeline.setTimer(DEVICE_RETRY, () => {
      if (this.wishes.has(topic)) return;
      const answer = this.broker.retained.get(topic.replace('/claim/', '/answer/'));
      const stands = answer !== undefined && JSON.parse(answer).ended === undefined;
      if (this.hasForgotten && this.broker.isUp && stands) this.broker.publish(topic, '', { retain: true });
      this.#lookAgain(topic);
    });
  }

  #doFault(fault: Fault): void {
    if (fault.kind === 'broker') this.#crashBroker(fault);
    else if (fault.kind === 'stall') this.#stall(fault.for);
    else this.#hurt(this.#slots[fault.process] as Slot, fault);
  }

  #hurt(slot: Slot, fault: Exclude<Fault, { kind: 'broker' | 'stall' }>): void {
    const { life } = slot;
    if (life.isDead || life.isStopping) return;
    switch (fault.kind) {
      case 'crash':
        life.kill();
        this.#last(fault.for, () => this.#restart(slot));
        break;
      case 'stop':
        this.#stop(slot, fault.for);
        break;
      case 'freeze':
      case 'suspend':
        this.#still(life, fault.kind, fault.for);
        break;
      case 'jump':
        slot.wallError += fault.by;
        life.machine.jumpWall(fault.by);
        break;
      case 'cut':
        this.#last(fault.for, life.cut(WAYS[fault.ways], this.#pick(life, fault.connection)));
        break;
      case 'break':
        this.#break(life, fault.connection);
        break;
      case 'slow':
      case 'lossy':
        this.#spoil(life, fault);
        break;
    }
  }

  #pick({ connections }: Life, choice: number | undefined): SimulatedTransport | undefined {
    return choice === undefined ? undefined : connections[Math.floor(choice * connections.length)];
  }

  #restart(slot: Slot): void {
    const { process, life, wallError } = slot;
    const after = this.#chance.happens(0.5) ? life.instance : undefined;
    slot.life = this.#born(process, wallError, after);
    this.trace.note(process.requester, `starts as ${slot.life.instance}`);
    slot.life.start();
  }

  #stop(slot: Slot, ms: number): void {
    const { life } = slot;
    life.stop(() => {
      if (life.isDead) return;
      life.kill();
      this.#last(ms, () => this.#restart(slot));
    });
  }

  #still(life: Life, how: 'freeze' | 'suspend', ms: number): void {
    life.machine[how]();
    life.noteRoutes();
    this.#last(ms, () => {
      life.machine.resume();
      life.noteRoutes();
    });
  }

  #break(life: Life, choice: number): void {
    const transport = this.#pick(life, choice);
    if (transport !== undefined) this.broker.cut(transport.clientId);
  }

  #spoil({ weather }: Life, fault: Extract<Fault, { kind: 'slow' | 'lossy' }>): void {
    const { delay, lossyShare } = weather;
    if (fault.kind === 'slow') weather.delay = fault.by;
    else weather.lossyShare = fault.share;
    this.#last(fault.for, () => {
      if (fault.kind === 'lossy') {
        weather.lossyShare = Math.min(lossyShare, weather.lossyShare);
        return;
      }
      weather.delay = Math.min(delay, weather.delay);
      this.lateUntil = Math.max(this.lateUntil, this.timeline.time + fault.by);
    });
  }

  #crashBroker({ store, isSilent, for: ms }: Extract<Fault, { kind: 'broker' }>): void {
    const { broker } = this;
    if (!broker.isUp) return;
    broker.crash(isSilent);
    for (const life of this.lives) life.noteRoutes();
    this.#last(ms, () => {
      broker.start(store === 'kept' ? undefined : store === 'old' ? this.#saved : new Map());
      if (store !== 'kept') this.#forget();
      this.timeline.setTimer(DEVICE_RETRY, () => this.#remind());
    });
  }

  #forget(): void {
    this.hasForgotten = true;
    this.#witness.forgotten();
  }

  /** Devices see on reconnecting that what they want is not there, and publish it again. */
  #remind(): void {
    if (!this.broker.isUp) return;
    for (const topic of this.#unsaid) {
      this.broker.publish(topic, this.wishes.get(topic) ?? '', { retain: true });
    }
    this.#unsaid.clear();
    for (const topic of this.broker.retained.keys()) {
      const isOfDevice = this.plan.shape.devices.some((device) =>
        topic.startsWith(`${PREFIX}/claim/${device}/`),
      );
      if (isOfDevice && !this.wishes.has(topic)) this.broker.publish(topic, '', { retain: true });
    }
    for (const [topic, payload] of this.wishes) {
      if (this.broker.retained.get(topic) !== payload) this.broker.publish(topic, payload, { retain: true });
    }
  }

  #stall(ms: number): void {
    const mends = this.lives.map((life) => life.cut(WAYS.both, undefined));
    this.#last(ms, () => {
      for (const mend of mends) mend();
    });
  }

  /** A fault lasts for so long, or until all are ended. */
  #last(ms: number, end: () => void): void {
    if (this.#isQuiet) {
      end();
      return;
    }
    const finish = () => {
      if (!this.#lasting.delete(finish)) return;
      timer.cancel();
      end();
      this.troubleUntil = this.#lasting.size > 0 ? Infinity : this.timeline.time;
    };
    const timer = this.timeline.setTimer(ms, finish);
    this.#lasting.add(finish);
    this.troubleUntil = Infinity;
  }

  #saveLater(): void {
    this.timeline.setTimer(this.plan.shape.saveEvery, () => {
      if (this.broker.isUp) this.#saved = new Map(this.broker.retained);
      this.#saveLater();
    });
  }
}

const WAYS: Readonly<Record<'up' | 'down' | 'both', readonly Direction[]>> = {
  up: ['up'],
  down: ['down'],
  both: ['up', 'down'],
};

function spell({ at: _, ...step }: Step): string {
  return JSON.stringify(step, (_key, value) =>
    typeof value === 'number' ? Math.round(value * 100) / 100 : value,
  );
}
