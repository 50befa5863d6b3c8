// A registry in this process: whoever decides about the claims of its nodes, those claims, and the broker on which the
// locks are mirrored.
import {
  type Before,
  DEFAULT_PREFIX,
  type Log,
  type Memory,
  type Rules,
  type Timing,
} from '../mqtt/arbiter-context';
import type { DeadClaim } from '../mqtt/arbiter-graves';
import { makeDefaults } from '../mqtt/defaults';
import { isDiscoveryPrefix } from '../mqtt/discovery-message';
import { withHomeAssistant } from '../mqtt/discovery-policy';
import { subscribe } from '../mqtt/listeners';
import { Member } from '../mqtt/member';
import { levelsOf } from '../mqtt/member-settings';
import type { MemberStatus } from '../mqtt/member-status';
import type { AuditEvent, ResourceState } from '../mqtt/messages';
import { makePolicy } from '../mqtt/policy';
import { topicsUnder } from '../mqtt/topics';
import { type Clock, type Json, type LockingProtocol, resourceMatcher, type Timer } from '../protocol';
import { randomName, systemRandom } from './chance';
import { ClaimBook } from './claim-book';
import { KEEP_MS } from './claim-owner';
import { type Levels, makeLevels } from './levels';
import { RegistryProtocol } from './protocol';
import type { ClaimOwner, Registry, RegistryClaim, RegistrySettings, RegistryStatus } from './registry';
import type { Broker } from './remote-broker';
import { registryStatus } from './status';

/** What a registry is given from outside. */
export interface Parts extends Environment {
  readonly settings: Omit<RegistrySettings, 'folder'>;
  /** The name of this runtime, if the settings have none; asked for once. */
  readonly ownName: () => string;
  /** Throws a `RangeError` that says what is wrong with the settings. */
  readonly makeBroker: () => Broker;
  /** Opens what is known of earlier starts, if anything is; never rejects. */
  readonly openPast?: (now: { readonly requester: string; readonly instance: string }) => Promise<Past>;
  /** Called when it begins to stop. */
  readonly onStopped: () => void;
}

/** What is known of earlier starts of this runtime. */
export interface Past {
  readonly before: Before;
  readonly memory: Memory;
  /** Nothing is left under former names any more. */
  settle(): Promise<void>;
  /** Lets others have what it is kept in. */
  close(): Promise<void>;
}

export interface Environment {
  readonly clock: Clock;
  readonly log: Log;
  /** How long to wait for what; see DEFAULT_TIMING. */
  readonly timing?: Partial<Timing> | undefined;
}

export class LocalRegistry implements Registry {
  /** By which code finds it. */
  name: string | undefined;
  readonly ready: Promise<void>;
  readonly #environment: Environment;
  readonly #prefix: string;
  readonly #member: Member;
  readonly #broker: Broker;
  readonly #book: ClaimBook;
  readonly #protocols = new Map<string, RegistryProtocol>();
  readonly #onStopped: () => void;
  readonly #openPast: () => Promise<Past | undefined>;
  #past: Past | undefined;
  readonly #statusListeners = new Set<(status: RegistryStatus) => void>();
  #toldText = '';
  /** How it is to be called from its next start on, as it was told last. */
  #nextName: string | undefined;
  /** The levels of whoever decides, as they were read last. */
  #theirLevels: { readonly list: Json; readonly levels: Levels } | undefined;
  #uses = 0;
  #lingering: Timer | undefined;
  #started: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  /** Throws a `RangeError` that says what is wrong with the settings. */
  constructor({ settings, makeBroker, ownName, openPast, onStopped, ...environment }: Parts) {
    const { clock, log, timing = {} } = environment;
    const { broker, prefix = DEFAULT_PREFIX } = settings;
    const rules = rulesOf(settings);
    // Before anything is made that would have to be given back.
    topicsUnder(prefix);
    const instance = randomName();
    const requester = settings.requester || ownName();
    this.name = settings.name;
    this.#environment = environment;
    this.#prefix = prefix;
    this.#onStopped = onStopped;
    this.#openPast = async () => openPast?.({ requester, instance });
    this.#broker = makeBroker();
    let count = 0;
    this.#book = new ClaimBook(
      clock,
      () => `${instance}-${++count}`,
      () => this.#member,
    );
    const { access } = this.#broker;
    const audit = broker.kind !== 'none';
    const before = () => this.#past?.before ?? {};
    const names = { prefix, requester, instance, before, memory: this.#memory(), clock, log };
    this.#member = new Member({
      settings: { ...names, rules, audit, timing: { ...settings.timing, ...timing } },
      ...{ access, hearer: this.#book, random: systemRandom, decide: settings.decide ?? 'alone' },
    });
    this.ready = this.#member.ready;
    void this.ready.then(() => this.#book.begin());
    this.#member.onStatus(() => this.#tellStatus());
    this.#broker.onReport(() => this.#tellStatus());
  }

  /** Those in force: of whoever decides. */
  get levels(): Levels {
    const { role, other } = this.#member.status;
    const theirs = role === 'participant' ? other?.settings?.levels : undefined;
    return theirs === undefined ? this.#member.rules.levels : this.#readLevels(theirs);
  }

  get requester(): string {
    return this.#member.requester;
  }

  get clock(): Clock {
    return this.#environment.clock;
  }

  get status(): RegistryStatus {
    const names = { prefix: this.#prefix, requester: this.requester };
    return registryStatus(this.#member.status, this.#broker.report, names);
  }

  /** Nobody uses it, but nodes may come back to it. */
  get isLingering(): boolean {
    return this.#uses === 0;
  }

  /** One user more. */
  use(): this {
    this.#uses++;
    this.#lingering?.cancel();
    return this;
  }

  /** Starts when what still uses what it needs is gone. */
  start(before: Promise<unknown>): void {
    this.#started = this.#start(before);
  }

  /** Takes other settings over in place, but for the names by which others know it. */
  adopt(settings: RegistrySettings): void {
    this.#member.setRules(rulesOf(settings));
    this.name = settings.name;
    this.#noteName(settings.requester || this.requester);
  }

  onStatus(listener: (status: RegistryStatus) => void): () => void {
    return subscribe(this.#statusListeners, listener);
  }

  owner(path: string): ClaimOwner {
    return this.#book.owner(path);
  }

  find(id: string): RegistryClaim | undefined {
    return this.#book.find(id);
  }

  findByLocker(resource: string, locker: string): readonly RegistryClaim[] {
    return this.#book.findByLocker(resource, locker);
  }

  state(resource: string): ResourceState {
    return this.#member.authority.state(resource);
  }

  states(): Iterable<ResourceState> {
    return this.#member.authority.states();
  }

  async caughtUp(): Promise<void> {
    await this.#member.authority.caughtUp?.();
  }

  watch(pattern: string, listener: (state: ResourceState) => void): () => void {
    const matches = resourceMatcher(pattern);
    return this.#member.told.onState((resource) => {
      if (matches(resource)) listener(this.#member.authority.state(resource));
    });
  }

  onEvent(listener: (event: AuditEvent) => void): () => void {
    return this.#member.told.onEvent(listener);
  }

  protocol(path: string): LockingProtocol {
    // An owner tells one listener, so that there is one protocol for it.
    const there = this.#protocols.get(path);
    if (there !== undefined) return there;
    const { clock } = this.#environment;
    const protocol = new RegistryProtocol({ registry: this, owner: this.#book.owner(path), clock });
    this.#protocols.set(path, protocol);
    return protocol;
  }

  async force(resource: string, token: number, by: string): Promise<string | undefined> {
    const refusal = await this.#member.authority.force(resource, token, by);
    return refusal && (refusal.detail || refusal.reason);
  }

  role(): MemberStatus['role'] {
    return this.#member.role();
  }

  epoch(): number {
    return this.#member.epoch();
  }

  decider(): string | undefined {
    return this.role() === 'arbiter' ? this.requester : this.#member.status.other?.requester;
  }

  canTakeOver(): boolean {
    return this.#member.status.canTakeOver;
  }

  takeOver(): Promise<void> {
    return this.#member.takeOver();
  }

  deadClaims(sinceMs: number): readonly DeadClaim[] {
    return this.#member.deadClaims(sinceMs);
  }

  purge(dead: readonly DeadClaim[], by: string): void {
    this.#member.purge(dead, by);
  }

  async close({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    this.#uses = Math.max(0, this.#uses - 1);
    if (this.#uses > 0) return;
    this.#lingering?.cancel();
    if (now) await this.stop();
    else this.#lingering = this.#environment.clock.setTimer(KEEP_MS, () => this.#retire());
  }

  /** Stops it, whoever uses it; resolves when nothing of it is left. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #start(before: Promise<unknown>): Promise<void> {
    await before;
    // A broker of our own is there before anything else is: clients of the flows connect already.
    const [, past] = await Promise.all([this.#broker.start(), this.#openPast()]);
    this.#past = past;
    this.#noteFormer(past?.before ?? {});
    this.#member.start();
  }

  async #stop(): Promise<void> {
    this.#lingering?.cancel();
    this.#onStopped();
    await this.#started;
    this.#book.stop();
    for (const protocol of this.#protocols.values()) protocol.stop();
    await this.#member.stop();
    await this.#broker.stop();
    await this.#past?.close();
    this.#statusListeners.clear();
  }

  /** Nobody has come back: it is not to be seen in Home Assistant any more. */
  #retire(): void {
    const { discovery: _, ...rules } = this.#member.rules;
    this.#member.setRules(rules);
    void this.stop();
  }

  #readLevels(list: Json): Levels {
    if (this.#theirLevels?.list === list) return this.#theirLevels.levels;
    const { rules } = this.#member;
    let levels = rules.levels;
    try {
      levels = levelsOf(list, rules);
    } catch (error) {
      this.#environment.log.warn(`the levels of whoever decides cannot be used: ${error}`);
    }
    this.#theirLevels = { list, levels };
    return levels;
  }

  /** It is there only when this has started. */
  #memory(): Memory {
    const ofPast = () => this.#past?.memory;
    return {
      get othersMayHold() {
        return ofPast()?.othersMayHold ?? false;
      },
      get tokenFloor() {
        return ofPast()?.tokenFloor ?? 0;
      },
      note: (change) => ofPast()?.note(change),
    };
  }

  #noteFormer({ former = [] }: Before): void {
    if (former.length === 0) return;
    const names = former.map(({ name }) => name).join(', ');
    this.#environment.log.info(
      `${this.requester} was called ${names}: what was kept under that name stays its own`,
    );
  }

  /** A deploy repeats the settings, and not what was said of them. */
  #noteName(name: string): void {
    const isNews = name !== (this.#nextName ?? this.requester);
    this.#nextName = name;
    if (isNews && name !== this.requester)
      this.#environment.log.warn(`this Node-RED is called ${name} from its next start on`);
  }

  #tellStatus(): void {
    const { status } = this;
    this.#note(status);
    if (status.state === 'ready') void this.#past?.settle();
    for (const listener of [...this.#statusListeners]) listener(status);
  }

  /** An embedded broker says of itself how it is. */
  #note({ state, text }: RegistryStatus): void {
    if (text === this.#toldText || 'sole' in this.#broker.access) return;
    this.#toldText = text;
    const { log } = this.#environment;
    // What is wrong with a connection begins with where it goes to.
    const isTrouble = text.startsWith(`${this.#broker.report.text}: `);
    if (state === 'ready' || (state === 'starting' && !isTrouble))
      log.info(`locks on ${this.#prefix}/: ${text}`);
    else log.warn(`locks on ${this.#prefix}/: ${text}`);
  }
}

function rulesOf(settings: RegistrySettings): Rules {
  const { levels: list, policy = [], values = [], plainText = false, homeAssistant } = settings;
  const levels = makeLevels(list);
  const defaults = makeDefaults(values);
  if (homeAssistant === undefined) return { levels, policy: makePolicy(policy, levels), defaults, plainText };
  if (!isDiscoveryPrefix(homeAssistant))
    throw new RangeError(`the prefix of Home Assistant cannot be ${JSON.stringify(homeAssistant)}`);
  const rows = withHomeAssistant(policy, levels);
  return { levels, policy: makePolicy(rows, levels), defaults, plainText, discovery: homeAssistant };
}
