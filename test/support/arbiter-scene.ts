// An arbiter on a simulated broker with a clock that the test turns, and what devices and watchers see of it.
import { Arbiter, type ArbiterOptions, type ArbiterStatus, type Term } from '../../src/mqtt/arbiter';
import type { ArbiterClaim } from '../../src/mqtt/arbiter-claim';
import type { ArbiterSettings, Rules } from '../../src/mqtt/arbiter-context';
import { makeDefaults } from '../../src/mqtt/defaults';
import { makeLevels } from '../../src/mqtt/levels';
import type { Answer, AuditEvent, ClaimMessage, ResourceState } from '../../src/mqtt/messages';
import { makePolicy, type PolicyRow } from '../../src/mqtt/policy';
import { HandClock } from './hand-clock';
import { SimulatedBroker, type SimulatedTransport } from './simulated-broker';
import type { Route } from './simulated-lane';

export interface SceneOptions extends Partial<Omit<ArbiterSettings, 'rules'>> {
  readonly rules?: Partial<Omit<Rules, 'policy' | 'levels'>>;
  readonly rows?: readonly PolicyRow[];
  /** Without: nobody but its own runtime. */
  readonly withBroker?: boolean;
  readonly isSole?: boolean;
  /** Between it and the broker; without: the broker's latency, and nothing is lost. */
  readonly route?: Route;
  /** It can be succeeded: it is connected once, and only once. */
  readonly term?: Term;
  readonly seizes?: boolean;
  readonly takeOwn?: ArbiterOptions['takeOwn'];
  /** Told of each claim that is here from now on. */
  readonly moved?: (claim: ArbiterClaim) => void;
}

export interface Heard {
  readonly claim: ArbiterClaim;
  readonly answer: Answer;
}

/** One life of an arbiter, from start to crash or stop. */
export class ArbiterScene {
  readonly clock: HandClock;
  readonly broker: SimulatedBroker;
  readonly arbiter: Arbiter;
  readonly transport: SimulatedTransport | undefined;
  readonly statuses: ArbiterStatus[] = [];
  /** What its own claims were answered. */
  readonly heard: Heard[] = [];
  readonly recalled: ArbiterClaim[] = [];
  readonly warnings: string[] = [];
  readonly events: AuditEvent[] = [];
  #count = 0;
  readonly #life = ++lives;

  constructor(options: SceneOptions = {}, broker = new SimulatedBroker({ clock: new HandClock() })) {
    const {
      withBroker = true,
      isSole = false,
      rows = [],
      rules,
      route,
      term,
      seizes,
      takeOwn,
      moved,
      ...settings
    } = options;
    const instance = settings.instance ?? `instance ${this.#life}`;
    this.broker = broker;
    this.clock = broker.clock as HandClock;
    this.transport = withBroker
      ? broker.client({
          ...{ clientId: instance, will: () => this.arbiter.will(), reconnects: term === undefined },
          ...(route !== undefined && { route }),
        })
      : undefined;
    this.arbiter = new Arbiter({
      settings: {
        requester: 'house',
        instance,
        clock: this.clock,
        log: { info: () => undefined, warn: (text) => this.warnings.push(text) },
        rules: rulesOf(rows, rules),
        ...settings,
      },
      hearer: {
        hear: (claim, answer) => this.heard.push({ claim, answer }),
        recall: (claim) => this.recalled.push(claim),
        move: (claim) => moved?.(claim),
      },
      isSole,
      ...(term !== undefined && { term }),
      ...(seizes !== undefined && { seizes }),
      ...(takeOwn !== undefined && { takeOwn }),
      ...(this.transport && { transport: this.transport }),
    });
    this.arbiter.onStatus((status) => this.statuses.push(status));
    this.arbiter.onEvent((event) => this.events.push(event));
  }

  /** Starts it, and resolves when it decides. */
  async start(): Promise<this> {
    this.arbiter.start();
    await this.settle();
    return this;
  }

  /** Lets everything happen that needs no waiting but the broker's latency. */
  async settle(ms = 50): Promise<void> {
    await this.clock.advance(ms);
  }

  /** It is gone without a goodbye. */
  async crash(): Promise<void> {
    const { transport } = this;
    if (transport === undefined) return;
    this.broker.cut(transport.clientId, 'killed');
    await transport.stop();
  }

  /** A device publishes its claim, retained. */
  async device(topic: string, message: ClaimMessage | string, retain = true): Promise<void> {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    this.broker.publish(`locks/claim/${topic}`, text, { retain });
    await this.settle();
  }

  /** A claim of its own runtime. */
  own(path: string, message: ClaimMessage, isKept = false): ArbiterClaim {
    const id = `own-${this.#life}-${++this.#count}`;
    const claim = this.arbiter.claim({ id, owner: { path, key: 'key' }, message, isKept });
    if ('reason' in claim) throw new Error(`${claim.reason}: ${claim.detail}`);
    return claim;
  }

  /** Every answer that was published to a device's claim, in order. */
  answers(topic: string): readonly Answer[] {
    return this.broker.published(`locks/answer/${topic}`) as readonly Answer[];
  }

  results(topic: string): readonly string[] {
    return this.answers(topic).map(({ result }) => result);
  }

  /** The answer that is retained. */
  answer(topic: string): Answer | undefined {
    return this.#retained(`locks/answer/${topic}`) as Answer | undefined;
  }

  /** The state that is retained. */
  state(resource: string): ResourceState | undefined {
    return this.#retained(`locks/state/${resource}`) as ResourceState | undefined;
  }

  holder(resource: string): string | undefined {
    return this.state(resource)?.holder;
  }

  /** Topics of what the arbiter has published since, in order. */
  topicsSince(mark: number): readonly string[] {
    return this.broker.log.slice(mark).map(({ topic }) => topic);
  }

  #retained(topic: string): unknown {
    const text = this.broker.retained.get(topic);
    return text === undefined ? undefined : JSON.parse(text);
  }
}

let lives = 0;

export function rulesOf(rows: readonly PolicyRow[] = [], rules: SceneOptions['rules'] = {}): Rules {
  const levels = makeLevels();
  return { levels, policy: makePolicy(rows, levels), defaults: makeDefaults([]), plainText: false, ...rules };
}

/** A started arbiter. */
export function startArbiter(options?: SceneOptions, broker?: SimulatedBroker): Promise<ArbiterScene> {
  return new ArbiterScene(options, broker).start();
}

/** What must be the same after a restart. */
export function essence(state: ResourceState | undefined) {
  if (state === undefined) return undefined;
  const { resource, state: is, holder, requester, priority, value, token, since, waiting, claims } = state;
  const ids = claims.map(({ id, name, order }) => [id, name, order]);
  return { resource, is, holder, requester, priority, value, token, since, waiting, ids };
}
