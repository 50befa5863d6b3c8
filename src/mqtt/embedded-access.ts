// Who may connect to the embedded broker, and who may write which topic: under a registry's prefix a topic has one
// writer, and everything that is not a requester's is the arbiter's, which writes in process.
import { createHash, timingSafeEqual } from 'node:crypto';
import { encodeLevel } from './names';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The topics that a requester writes; its name is their next level, and this is what may come after it. */
const OF_REQUESTERS: ReadonlyMap<string, RegExp> = new Map([
  // Whatever comes after these, the arbiter answers.
  ['claim', /^/],
  ['force', /^/],
  ['session', /^(\/(claims|mark))?$/],
  ['beat', /^$/],
]);

export class Access {
  readonly #users: readonly Credentials[];
  /** Prefixes, each with how many registries guard it. */
  readonly #prefixes = new Map<string, number>();

  /** Without users everybody may connect, under any name. */
  constructor(users: readonly Credentials[]) {
    this.#users = users;
  }

  get isOpen(): boolean {
    return this.#users.length === 0;
  }

  /** Keeps the topics under a prefix for their writers until the returned function is called. */
  guard(prefix: string): () => void {
    this.#prefixes.set(prefix, (this.#prefixes.get(prefix) ?? 0) + 1);
    return () => {
      const left = (this.#prefixes.get(prefix) ?? 0) - 1;
      if (left > 0) this.#prefixes.set(prefix, left);
      else this.#prefixes.delete(prefix);
    };
  }

  mayConnect(username: string | undefined, password: Uint8Array | undefined): boolean {
    if (this.isOpen) return true;
    let found = false;
    // All of them, so that the time it takes tells nothing.
    for (const user of this.#users) {
      const isUser = isSame(user.username, username ?? '');
      const isPassword = isSame(user.password, password ?? '');
      if (isUser && isPassword) found = true;
    }
    return found && username !== undefined;
  }

  /** Why somebody may not publish there, in words; or `undefined`. */
  objectToPublish(topic: string, username: string | undefined): string | undefined {
    if (topic.startsWith('$')) return 'topics that begin with $ are the broker’s';
    for (const prefix of this.#prefixes.keys()) {
      if (!topic.startsWith(`${prefix}/`)) continue;
      const [, kind = '', requester = '', rest = ''] =
        /^([^/]*)\/?([^/]*)(.*)$/s.exec(topic.slice(prefix.length + 1)) ?? [];
      if (!OF_REQUESTERS.get(kind)?.test(rest)) return 'only the arbiter writes there';
      if (this.isOpen || requester === encodeLevel(username ?? '')) return undefined;
      return `${username} may write only under ${prefix}/${kind}/${encodeLevel(username ?? '')}`;
    }
    return undefined;
  }
}

function isSame(secret: string, given: string | Uint8Array): boolean {
  return timingSafeEqual(digest(secret), digest(given));
}

function digest(text: string | Uint8Array): Buffer {
  return createHash('sha256').update(text).digest();
}
