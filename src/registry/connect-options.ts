// What a program may say when it connects to locks, checked, and as a registry wants it.
import type { Log } from '../mqtt/arbiter-context';
import { readAddress, type TlsOptions } from '../mqtt/connection-address';
import type { DefaultValue } from '../mqtt/defaults';
import type { Decide } from '../mqtt/member';
import { objectToRequester } from '../mqtt/names';
import { topicsUnder } from '../mqtt/topics';
import type { Level } from './levels';
import type { PolicyRow } from './policy';
import type { RegistrySettings } from './registry';

/** All lengths in ms. */
export interface ConnectOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`; in a browser one of the last two. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  /** 4 is MQTT 3.1.1, the default. */
  readonly protocolVersion?: 4 | 5;
  /** Of all topics. Default `locks`. */
  readonly prefix?: string;
  /** The name of this program; only one that is alive may have it. Default: a random one. */
  readonly requester?: string;
  /**
   * Whether this program may decide: `never`, the default; `alone` unless somebody else does, also without the broker;
   * `takeover` whenever nobody else does.
   */
  readonly decide?: Decide;
  /** How long to wait for the broker and for somebody who decides. Default 30 000. */
  readonly connectTimeout?: number;
  /**
   * How long a program or a Node-RED is believed to live without a sign of it, where this program decides; at least
   * 1 000. Default 10 000.
   */
  readonly session?: number;
  /** How long the one that decides may be silent before another one takes over. Default 5 000. */
  readonly failoverDelay?: number;
  /** How long a holder in another process has to wind down. Default 1 000; `Infinity`: until it is gone. */
  readonly handoverTimeout?: number;
  /** Named levels, where this program decides. */
  readonly levels?: readonly Level[];
  /** Who may claim what, where this program decides. */
  readonly policy?: readonly PolicyRow[];
  /** What free resources show, where this program decides. */
  readonly values?: readonly DefaultValue[];
  /** Holder and value as plain text, too, where this program decides. Default `false`. */
  readonly plainText?: boolean;
  /** Told of what people should know. Default: nobody. */
  readonly log?: Log;
}

const DECIDE: readonly unknown[] = ['never', 'alone', 'takeover'];
const SHORTEST_SESSION = 1_000;
/** The longest of a timer. */
const LONGEST = 2 ** 31 - 1;

/** @throws {RangeError} that names the first option that is wrong, its value, and what would be right. */
export function checkOptions(options: ConnectOptions): void {
  const { url, tls, prefix, requester, decide = 'never', protocolVersion = 4 } = options;
  if (typeof url !== 'string') throw wrong('url', url, 'mqtt://, mqtts://, ws:// or wss:// and a host');
  // Both say themselves what is wrong.
  readAddress(url, tls);
  if (prefix !== undefined) topicsUnder(prefix);
  if (requester !== undefined) {
    const objection = objectToRequester(requester);
    if (objection !== undefined) throw new RangeError(`requester ${JSON.stringify(requester)} ${objection}`);
  }
  if (!DECIDE.includes(decide)) throw wrong('decide', decide, "'never', 'alone' or 'takeover'");
  if (protocolVersion !== 4 && protocolVersion !== 5)
    throw wrong('protocolVersion', protocolVersion, '4 or 5');
  checkLength(options, 'connectTimeout', 1);
  checkLength(options, 'session', SHORTEST_SESSION);
  checkLength(options, 'failoverDelay', 1);
  if (options.handoverTimeout !== Infinity) checkLength(options, 'handoverTimeout', 0);
}

type LengthName = 'connectTimeout' | 'session' | 'failoverDelay' | 'handoverTimeout';

function checkLength(options: ConnectOptions, name: LengthName, least: number): void {
  const { [name]: length = least } = options;
  if (typeof length === 'number' && length >= least && length <= LONGEST) return;
  const more = name === 'handoverTimeout' ? ', or Infinity' : '';
  throw wrong(name, length, `a length in ms from ${least} to ${LONGEST}${more}`);
}

function wrong(name: string, value: unknown, wanted: string): RangeError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new RangeError(`${name} is ${shown}, but must be ${wanted}`);
}

/** As a registry wants them. */
export function settingsOf(options: ConnectOptions, requester: string): RegistrySettings {
  const { prefix, decide = 'never', session, failoverDelay, handoverTimeout } = options;
  const { levels, policy, values, plainText } = options;
  return {
    ...{ broker: brokerOf(options), requester, decide },
    ...(prefix !== undefined && { prefix }),
    ...(levels !== undefined && { levels }),
    ...(policy !== undefined && { policy }),
    ...(values !== undefined && { values }),
    ...(plainText !== undefined && { plainText }),
    timing: {
      ...(session !== undefined && { session }),
      ...(failoverDelay !== undefined && { failoverDelay }),
      ...(handoverTimeout !== undefined && { handoverTimeout }),
    },
  };
}

export function brokerOf({ url, user, password, tls, protocolVersion }: ConnectOptions) {
  return {
    kind: 'url' as const,
    url,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
    ...(protocolVersion !== undefined && { protocolVersion }),
  };
}
