// The arbiter's dealings with a broker: what arrives is acted on, what was before is brought together with what is, and
// our presence is shown.
import type { ArbiterClaim } from './arbiter-claim';
import type { Context, Term } from './arbiter-context';
import { type Addressee, type DeviceParts, Devices } from './arbiter-devices';
import type { Force } from './arbiter-force';
import type { Finds } from './arbiter-found';
import { Link, type LinkHost } from './arbiter-link';
import { Rebuilder, type RebuildParts } from './arbiter-rebuild';
import type { Answer, ArbiterMessage } from './messages';
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

export interface RemoteParts extends DeviceParts, Omit<RebuildParts, 'devices'> {
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
  readonly #rebuilder: Rebuilder;
  readonly #link: Link;

  constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#devices = new Devices(parts);
    this.#rebuilder = new Rebuilder({ ...parts, devices: this.#devices });
    const { context, transport, isSole, term, seizes, publisher } = parts;
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
    publisher.put(this.#context.topics.arbiter, this.#link.presence(false, { left: true }));
    await publisher.finish();
    await this.#link.stop();
  }

  will(): Will | undefined {
    return this.#link.will();
  }

  /** Shows the settings that are in force now. */
  showPresence(): void {
    this.#parts.publisher.put(this.#context.topics.arbiter, this.#link.presence(true));
  }

  /** A device's further message was refused; the answer to its claim stands. */
  refuse({ requester, name }: ArbiterClaim, answer: Answer): void {
    this.#parts.publisher.send(this.#context.topics.answer(requester, name), JSON.stringify(answer));
  }

  absentIn(finds: Finds): readonly Addressee[] {
    return this.#rebuilder.absentIn(finds);
  }

  gathering(finds: Finds): void {
    const { host, publisher } = this.#parts;
    this.#rebuilder.begin(finds);
    this.showPresence();
    publisher.say(this.#context.topics.arbiter);
    host.closed('the store of the broker may be old: asking everybody what they hold', false);
  }

  opened(finds: Finds): void {
    const { publisher, host } = this.#parts;
    this.#rebuilder.rebuild(finds);
    this.showPresence();
    publisher.open(finds.ours);
    this.#rebuilder.hearNews(finds);
    publisher.flush();
    host.opened();
  }

  closed(reason: string | undefined, isRefused: boolean): void {
    this.#parts.publisher.close();
    this.#parts.host.closed(reason, isRefused);
  }

  giveWay(other: ArbiterMessage): void {
    this.#rebuilder.forget();
    this.#parts.host.giveWay(other);
  }

  lost(reason: string | undefined): void {
    this.#parts.publisher.close();
    this.#parts.host.lost(reason);
  }

  heard({ topic, payload, retain }: TransportMessage): void {
    const parsed = this.#context.topics.parse(topic);
    if (parsed?.kind === 'claim') {
      // What our own runtime claims it does not claim over the broker: it only keeps it there.
      if (parsed.requester !== this.#context.requester) this.#devices.heard(parsed, payload, retain);
      else this.#devices.heardAsOwn(parsed, payload);
    } else if (parsed?.kind === 'force') {
      this.#parts.force.heard(parsed.requester, parsed.resource, payload, retain);
    } else if (parsed?.kind === 'state') {
      this.#parts.host.heardState(parsed.resource, payload);
    } else if (parsed?.kind === 'malformed' && parsed.of === 'claim') {
      this.#devices.heardMalformed(parsed, payload);
    }
    this.#parts.publisher.flush();
  }

  settings(): ArbiterMessage['settings'] {
    return this.#parts.host.settings();
  }

  overwritten(): void {
    this.#parts.publisher.repeat(this.#context.topics.arbiter);
  }
}
