// Watches a simulated history and says, at each step, whether what must never happen has happened.
import type { Answer, ArbiterMessage, ResourceState } from '../../src/mqtt/messages';
import type { DownFrame } from '../../src/mqtt/session-messages';
import type { Published } from '../support/simulated-broker';
import type { Life, NodeClaim, Witness } from './life';
import { PREFIX, type World } from './world';

/** What must never happen has happened, or what must has not. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}

/** After a fault so long (ms) a holder may not have answered in time, and a session may have to end. */
const AFTERMATH = 20_000;
const ARBITER = `${PREFIX}/arbiter`;
const STATES = `${PREFIX}/state/`;
const ANSWERS = `${PREFIX}/answer/`;
const SESSION_ANSWERS = new RegExp(`^${PREFIX}/session/[^/]+/answers$`);
/** A process's claim, or the answer to it. */
const KEPT = new RegExp(`^${PREFIX}/(claim|answer)/[^/]+/node (.+)/key$`);

export class Judge implements Witness {
  /** The first one. */
  violation: Violation | undefined;
  grants = 0;
  /** How often somebody began to decide. */
  takeovers = 0;
  /** How often a resource was held twice in a way that the hand-over timeout allows. */
  overlaps = 0;
  readonly #world: World;
  /** Claims that were told to be held, by resource. */
  readonly #believers = new Map<string, Set<NodeClaim>>();
  /** Resources that more than one locker was told to have. */
  readonly #contested = new Set<string>();
  /** To whom each token was given. */
  readonly #tokens = new Map<number, string>();
  /** The greatest token that was told, by resource. */
  readonly #greatest = new Map<string, number>();
  /** The greatest that a state has shown, whoever wrote it. */
  readonly #shown = new Map<string, number>();
  /** Claims of whose end their process was told, which may be recalled by a later one. */
  readonly #ended = new Set<string>();
  /**
   * Kept claims that have ended at the broker, too. Of an end of which a process has told nobody when it died, or which
   * the broker has forgotten, no later one can know.
   */
  readonly #withdrawn = new Set<string>();
  readonly #overlapping = new Set<string>();
  /** Told by who decides alone, in process, before it was published. */
  readonly #toldFirst = new WeakSet<NodeClaim>();
  #epoch = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** To be called after each step. */
  check(): void {
    for (const resource of this.#contested) this.#checkExclusion(resource);
    if (this.violation !== undefined) throw this.violation;
  }

  heard(claim: NodeClaim, answer: Answer): void {
    this.#world.trace.note(claim.life.process.requester, spell(claim, answer));
    if (claim.isOver) this.#fail('told after its end', claim, answer);
    this.#checkReason(claim, answer);
    if (answer.result === 'granted') this.#granted(claim, answer);
    else if (answer.result !== 'revoking' && answer.result !== 'error') this.#notHeld(claim, answer);
    if (answer.ended !== undefined) this.#ended.add(claim.id);
  }

  recalled(claim: NodeClaim): void {
    this.#world.trace.note(claim.life.process.requester, `recalls ${claim.id}`);
    if (!this.#withdrawn.has(claim.id)) this.#ended.delete(claim.id);
  }

  warned(life: Life, text: string): void {
    this.#world.trace.note(life.process.requester, `warns: ${text}`);
    if (text.startsWith('a listener to the locks failed')) this.accuse('no error of its own', text);
  }

  released(claim: NodeClaim): void {
    this.#world.trace.note(claim.life.process.requester, `lets go ${claim.id}`);
    this.#disbelieve(claim);
  }

  /** Tokens need be no greater than those that somebody remembers. */
  forgotten(): void {
    this.#greatest.clear();
    this.#shown.clear();
    this.#tokens.clear();
    this.#withdrawn.clear();
  }

  /** What the arbiter writes. */
  published({ topic, payload, by }: Published): void {
    if (topic === ARBITER) this.#noteArbiter(payload);
    this.#noteKept(topic, payload);
    if (topic.startsWith(ANSWERS) || SESSION_ANSWERS.test(topic)) this.#checkTold(topic, payload);
    if (!topic.startsWith(STATES) || payload === '' || !payload.startsWith('{')) return;
    const { resource, token = 0 }: ResourceState = JSON.parse(payload);
    if (token > 0) this.#shown.set(resource, Math.max(this.#shown.get(resource) ?? 0, token));
    // What was on its way when its process died is put right by whoever decides, as is checked in the end.
    if (!this.#world.lives.some((life) => life.hasSpokenAs(by ?? ''))) return;
    const greatest = Math.max(this.#greatest.get(resource) ?? 0, this.#rememberedFor(resource));
    if (token > 0 && token < greatest) {
      this.accuse('tokens only grow', `${by} writes ${token} for ${resource} after ${greatest}`);
    }
    this.#greatest.set(resource, Math.max(greatest, token));
  }

  /** What is told to be held the states must show by then: a successor that could not read it would give it to another. */
  #checkTold(topic: string, payload: string): void {
    if (payload === '') return;
    const message: Partial<Answer & DownFrame> = JSON.parse(payload);
    const answers = message.tells?.map(({ answer }) => answer) ?? [message];
    for (const { result, resources = [], token = 0 } of answers) {
      // An old store may have shown it.
      const unknown = this.#world.hasForgotten ? Infinity : 0;
      const shown = Math.max(...resources.map((resource) => this.#shown.get(resource) ?? unknown));
      if (result === 'granted' && shown < token) {
        this.accuse('nothing is told before it is written', `${topic} tells ${token} for ${resources}`);
      }
    }
  }

  #noteKept(topic: string, payload: string): void {
    const [, kind, id] = KEPT.exec(topic) ?? [];
    if (id === undefined) return;
    if (kind === 'claim' && payload !== '') this.#withdrawn.delete(id);
    const isEnd = kind === 'claim' ? payload === '' : payload.includes('"ended"');
    if (isEnd) this.#withdrawn.add(id);
  }

  /** The greatest token of those who were told to have it alone, after it was published, and live. */
  #rememberedFor(resource: string): number {
    const alone = this.believers(resource).filter(
      (claim) => claim.resources.length === 1 && !this.#toldFirst.has(claim),
    );
    return Math.max(0, ...alone.map(({ told }) => told?.token ?? 0));
  }

  #noteArbiter(payload: string): void {
    if (payload === '') return;
    const { epoch, online, requester, left }: ArbiterMessage = JSON.parse(payload);
    this.#world.trace.note(
      'broker',
      `${requester} ${online ? 'decides' : left ? 'has left' : 'is gone'}, epoch ${epoch}`,
    );
    if (!online || epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.takeovers++;
  }

  accuse(rule: string, what: string): void {
    this.violation ??= new Violation(rule, what);
  }

  /** Who was told to have a resource, and whose process lives. */
  believers(resource: string): readonly NodeClaim[] {
    return [...(this.#believers.get(resource) ?? [])].filter(({ life }) => !life.isDead);
  }

  #granted(claim: NodeClaim, answer: Answer): void {
    const { token } = answer;
    if (token === undefined) {
      this.#fail('a grant has a token', claim, answer);
      return;
    }
    const wasTold = claim.told?.result;
    if ((wasTold === 'granted' || wasTold === 'revoking') && claim.told?.token !== token) {
      this.#fail('nothing is granted twice', claim, answer);
    }
    if (claim.isRecalled && this.#ended.has(claim.id))
      this.#fail('nothing is granted after its end', claim, answer);
    const owner = this.#tokens.get(token);
    if (owner !== undefined && owner !== claim.identity)
      this.#fail(`no token is given twice (${owner})`, claim, answer);
    this.#tokens.set(token, claim.identity);
    if (this.#decidesAlone(claim.life)) this.#toldFirst.add(claim);
    else this.#toldFirst.delete(claim);
    if (wasTold !== 'granted') this.grants++;
    for (const resource of claim.resources) this.#believe(resource, claim);
  }

  /** Or is about to: it grants what it recalls before it says that it decides. */
  #decidesAlone(life: Life): boolean {
    const isLed = this.#world.lives.some((other) => other !== life && other.runtime.isDeciding);
    return life.process.decide === 'alone' && !isLed;
  }

  #notHeld(claim: NodeClaim, answer: Answer): void {
    // A refused change leaves a claim as it was.
    const isRefusal = answer.result === 'denied' && answer.ended === undefined;
    if (!isRefusal) this.#disbelieve(claim);
  }

  #believe(resource: string, claim: NodeClaim): void {
    const believers = this.#believers.get(resource) ?? new Set();
    this.#believers.set(resource, believers.add(claim));
    this.#noteContest(resource, believers);
  }

  #disbelieve(claim: NodeClaim): void {
    for (const resource of claim.resources) {
      const believers = this.#believers.get(resource);
      if (believers?.delete(claim)) this.#noteContest(resource, believers);
    }
  }

  #noteContest(resource: string, believers: Set<NodeClaim>): void {
    const [first] = believers;
    let isContested = false;
    for (const claim of believers) {
      if (claim.life.isDead) believers.delete(claim);
      else if (claim.identity !== first?.identity) isContested = true;
    }
    if (isContested) this.#contested.add(resource);
    else this.#contested.delete(resource);
  }

  #checkExclusion(resource: string): void {
    const holding = this.believers(resource).filter(
      (claim) => claim.life.machine.isRunning && claim.isHeld(),
    );
    const [one] = holding;
    const other = holding.find(({ identity }) => identity !== one?.identity);
    if (one === undefined || other === undefined) return;
    const what = `${resource} is held by ${describe(one)} and by ${describe(other)}`;
    const { troubleUntil, timeline, plan } = this.#world;
    const { handoverTimeout, isForced } = plan.shape;
    // What an operator ends is over at once, whoever has not heard of it.
    const isAllowed = isForced || (handoverTimeout < Infinity && timeline.time < troubleUntil + AFTERMATH);
    if (!isAllowed) this.accuse('one holder at a time', what);
    else if (!this.#overlapping.has(what)) {
      this.#overlapping.add(what);
      this.overlaps++;
      this.#world.trace.note('judge', what);
    }
  }

  /** Nothing ends, and nothing is lost, for a reason that it cannot have. */
  #checkReason(claim: NodeClaim, answer: Answer): void {
    const { message } = claim;
    const isOnce = message.once === true;
    const { result, reason, ended } = answer;
    if (ended === undefined && result !== 'lost') return;
    if (reason === 'preempted' && !isOnce)
      this.#fail('a standing claim is not lost by preemption', claim, answer);
    // Of one whose lease ran out unheard, nobody may know better.
    const canEnd = isOnce || message.ttl !== undefined;
    if (reason === 'session' && !canEnd) this.#fail('a standing claim outlives its session', claim, answer);
    if (reason === 'timeout' && message.timeout === undefined)
      this.#fail('no wait ends by itself', claim, answer);
    if (reason === 'expired' && message.ttl === undefined) this.#fail('no lease is made up', claim, answer);
    if (reason === 'session' && this.#world.timeline.time > this.#world.troubleUntil + AFTERMATH) {
      this.#fail('no session ends without a fault', claim, answer);
    }
    if (reason !== undefined && NEVER.has(reason)) this.#fail('no end without a reason', claim, answer);
  }

  #fail(rule: string, claim: NodeClaim, answer: Answer): void {
    this.accuse(rule, `${claim.life.process.requester}: ${spell(claim, answer)}`);
  }
}

/** Reasons that nothing in these histories gives. */
const NEVER: ReadonlySet<string> = new Set([
  'deadlock',
  'unknown',
  'full',
  'too-long',
  'too-many',
  'policy',
  'malformed',
]);

function spell(
  claim: NodeClaim,
  { result, token, reason, detail, remaining, ended, regained }: Answer,
): string {
  const { resources, message } = claim;
  const parts = [
    `${claim.id} (${message.locker} for ${resources.join('+')}, priority ${message.priority}) is ${result}`,
    token !== undefined && `token ${token}`,
    reason,
    detail,
    remaining !== undefined && `for ${remaining} ms`,
    regained && 'regained',
    ended !== undefined && 'over',
  ];
  return parts.filter((part) => part !== undefined && part !== false).join(', ');
}

function describe(claim: NodeClaim): string {
  return `${claim.life.process.requester} ${claim.id} (${claim.identity}, token ${claim.told?.token})`;
}
