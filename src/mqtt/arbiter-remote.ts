// The arbiter's dealings with a broker: what arrives is acted on, what was before is brought together with what is, and
// our presence is shown.
import type { ArbiterClaim } from './arbiter-claim';
import type { Context, Term } from './arbiter-context';
import { type Addressee, type DeviceParts, Devices } from './arbiter-devices';
import type { Force } from './arbiter-force';
import type { Finds } from './arbiter-found';
import { KeptThere } from './arbiter-kept';
import { Link, type LinkHost } from './arbiter-link';
import { readOwner } from './arbiter-own-message';
import { OwnThere } from './arbiter-own-there';
import { floorOf } from './arbiter-past';
import { FLOOR_BLOCK } from './arbiter-publisher';
import { Rebuilder, type RebuildParts } from './arbiter-rebuild';
import { credibleCount } from './arbiter-remember';
import { Sessions, type SessionsHost } from './arbiter-sessions';
import type { Answer, ArbiterMessage, TermMessage } from './messages';
import { type ClaimReading, readClaim } from './read-message';
import type { Transport, TransportMessage, Will } from './transport';

/** What the arbiter wants to know of its broker. */
export interface RemoteHost {
  /** All that was before is in the lock table, and what is decided is published. */
  opened(): void;
  /** What is decided is not published; why, in words, and whether the broker does not let us. */
  closed(reason: string | undefined, isRefused: boolean): void;
  giveWay(other: ArbiterMessage): void;
  /** The office is lost: nothing is decided any more. */
  lost(reason: string | undefined): void;
  /** A state that we wrote, maybe, has come back. */
  heardState(resource: string, payload: Uint8Array): void;
  /** The settings in force, for everybody to see. */
  settings(): ArbiterMessage['settings'];
}

export interface RemoteParts extends DeviceParts, Omit<RebuildParts, 'devices' | 'sessions'> {
  readonly force: Force;
  readonly transport: Transport;
  readonly isSole: boolean;
  readonly term: Term | undefined;
  readonly seizes: boolean;
  readonly host: RemoteHost;
}

export class Remote implements LinkHost {
  readonly #parts: RemoteParts;
  readonly #context: Context;
  readonly #devices: Devices;
  readonly #sessions: Sessions;
  readonly #kept = new KeptThere();
  readonly #ownThere: OwnThere;
  /** The term of before, and what stands there now in its place. */
  #reserved: { readonly term: TermMessage; readonly text: string } | undefined;
  readonly #rebuilder: Rebuilder;
  readonly #link: Link;

  constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#devices = new Devices(parts);
    const { context, transport, isSole, term, seizes, publisher } = parts;
    const sessions = new Sessions({ ...parts, host: this.#sessionsHost() });
    publisher.attend(sessions);
    this.#sessions = sessions;
    this.#ownThere = new OwnThere(context, publisher);
    this.#rebuilder = new Rebuilder({ ...parts, devices: this.#devices, sessions });
    const tokenFloor = () => publisher.tokenFloor;
    this.#link = new Link({ context, transport, isSole, term, seizes, host: this, tokenFloor });
  }

  start(): void {
    this.#link.start();
  }

  /** Says goodbye, and resolves when that has arrived or nobody is there. */
  async stop(): Promise<void> {
    const { publisher } = this.#parts;
    // Else our goodbye would look like somebody else's.
    this.#link.leave();
    await publisher.finish(() => {
      publisher.put(this.#context.topics.arbiter, this.#link.presence(false, { left: true }));
    });
    this.#sessions.stop();
    this.#ownThere.stop();
    await this.#link.stop();
  }

  will(): Will | undefined {
    return this.#link.will();
  }

  /** What the broker has will be known soon. */
  get isReading(): boolean {
    return this.#link.isReading;
  }

  /** Shows the settings that are in force now. */
  showPresence(): void {
    this.#parts.publisher.put(this.#context.topics.arbiter, this.#link.presence(true));
  }

  /** What has become of a session's claim. */
  tellSession(claim: ArbiterClaim, hasWon: boolean): void {
    this.#sessions.tell(claim, hasWon ? 'winning' : 'losing');
  }

  /** The broker retains it for its participant. */
  isKeptThere(claim: ArbiterClaim): boolean {
    return this.#kept.has(claim);
  }

  /** A further message was refused; what was answered to its claim stands. */
  refuse(claim: ArbiterClaim, answer: Answer): void {
    const { requester, name, isDevice } = claim;
    if (!isDevice) this.#sessions.refuse(claim, answer);
    else this.#parts.publisher.send(this.#context.topics.answer(requester, name), JSON.stringify(answer));
  }

  absentIn(finds: Finds): readonly Addressee[] {
    return this.#rebuilder.absentIn(finds);
  }

  /** What is given before our term has arrived a next start must not give again. */
  async reserve(finds: Finds): Promise<void> {
    const { topics, clock } = this.#context;
    if (finds.term === undefined || this.#rebuilder.hasRebuilt) return;
    if (finds.ours.get(topics.term) === this.#reserved?.text) {
      finds.term = this.#reserved?.term;
      return;
    }
    const { term } = finds;
    const { tokenFloor } = floorOf(finds, clock.now());
    const text = JSON.stringify({ epoch: term.epoch, tokenFloor: tokenFloor + FLOOR_BLOCK });
    await this.#parts.transport.publish(topics.term, text, { qos: 1, retain: true });
    this.#reserved = { term, text };
    finds.ours.set(topics.term, text);
  }

  gathering(finds: Finds): void {
    const { host, publisher } = this.#parts;
    this.#rebuilder.begin(finds);
    this.showPresence();
    publisher.say(this.#context.topics.arbiter);
    host.closed('the store of the broker may be old: asking everybody what they hold', false);
  }

  opened(finds: Finds, isTrusted: boolean): void {
    const { publisher, host } = this.#parts;
    this.#kept.replace(finds);
    this.#ownThere.reset();
    for (const [requester, payload] of finds.presences) this.#sessions.heardPresence(requester, payload);
    this.#rebuilder.rebuild(finds, isTrusted);
    // Who has said nothing for a whole session believes in nothing any more.
    if (!isTrusted) this.#sessions.noteNobody();
    this.#sessions.restate();
    this.showPresence();
    publisher.open(finds.ours);
    this.#rebuilder.hearNews(finds);
    publisher.flush();
    host.opened();
  }

  closed(reason: string | undefined, isRefused: boolean): void {
    this.#parts.publisher.close();
    this.#ownThere.stop();
    this.#parts.host.closed(reason, isRefused);
  }

  giveWay(other: ArbiterMessage): void {
    this.#rebuilder.forget();
    this.#sessions.stop();
    this.#ownThere.stop();
    this.#parts.host.giveWay(other);
  }

  lost(reason: string | undefined): void {
    this.#parts.publisher.close();
    this.#sessions.stop();
    this.#ownThere.stop();
    this.#parts.host.lost(reason);
  }

  heard({ topic, payload, retain }: TransportMessage): void {
    const parsed = this.#context.topics.parse(topic);
    switch (parsed?.kind) {
      case 'claim':
        this.#heardClaim(parsed, payload, retain);
        break;
      case 'session':
        this.#sessions.heardPresence(parsed.requester, payload);
        break;
      case 'session-claims':
        this.#sessions.heardFrame(parsed.requester, payload);
        break;
      case 'beat':
        this.#sessions.heardBeat(parsed.requester, payload);
        break;
      case 'force':
        this.#parts.force.heard(parsed.requester, parsed.resource, payload, retain);
        break;
      case 'state':
        this.#parts.host.heardState(parsed.resource, payload);
        break;
      case 'malformed':
        if (parsed.of === 'claim') this.#devices.heardMalformed(parsed, payload);
        break;
      default:
    }
    this.#parts.publisher.flush();
  }

  #heardClaim(from: Addressee, payload: Uint8Array, retain: boolean): void {
    const claim = payload.length === 0 ? undefined : readClaim(payload);
    // What a participant keeps at the broker it also says in its session.
    const isKept = this.#kept.heard(from, payload, claim);
    // What our own runtime claims it does not claim over the broker: it only keeps it there.
    if (from.requester === this.#context.requester) this.#heardOwn(from, payload, claim);
    else if (claim === undefined && this.#sessions.withdrawKept(from)) return;
    else if (!isKept) this.#devices.heard(from, claim, retain);
  }

  /** Of what is no runtime's, somebody else is told that the name is taken. */
  #heardOwn(from: Addressee, payload: Uint8Array, claim: ClaimReading | undefined): void {
    const isRuntimes =
      claim === undefined || (claim.message !== undefined && readOwner(payload) !== undefined);
    if (isRuntimes) this.#ownThere.heard(from, payload);
    else this.#devices.heardAsOwn(from, claim);
  }

  #sessionsHost(): SessionsHost {
    const { transport, publisher } = this.#parts;
    return {
      say: (topic, text) => {
        // Not before all that it is about is written.
        if (!publisher.isOpen && !this.#link.isGathering) return;
        // What gets lost with the connection is said again.
        transport.publish(topic, text, { qos: 0, retain: false }).catch(() => undefined);
      },
      erase: (topic) => publisher.erase(topic),
      keptChanged(claim) {
        if (claim.isKept) publisher.noteAnswer(claim, claim.phase === 'held');
        else publisher.forgetClaim(claim);
      },
      outdated: (epoch) => this.#outdated(epoch),
      witnessed: (epoch) => this.#link.witnessed(epoch),
    };
  }

  /** Somebody remembers a later term, which the store has forgotten: ours becomes the latest. */
  #outdated(epoch: number): void {
    const { context, publisher } = this.#parts;
    if (credibleCount(epoch) === 0) return;
    context.epoch = epoch + 1;
    publisher.renewTerm();
    this.showPresence();
    publisher.say(context.topics.arbiter);
  }

  settings(): ArbiterMessage['settings'] {
    return this.#parts.host.settings();
  }

  overwritten(): void {
    this.#parts.publisher.repeat(this.#context.topics.arbiter);
  }
}
