// What people have on their machines: mosquitto_pub and mosquitto_sub, and nothing of our own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { topicMatcher } from '../../src/mqtt/topic-filter';

export interface ToolOptions {
  readonly port: number;
  /** Default 3.1.1. */
  readonly version?: '311' | '5';
  readonly user?: string;
  readonly password?: string;
}

const run = promisify(execFile);
const PATIENCE_MS = 10_000;

/** Publishes as `mosquitto_pub -r -m` does; with `undefined` as `-r -n`, which clears. */
export async function publish(
  options: ToolOptions,
  topic: string,
  message?: unknown,
  retain = true,
): Promise<void> {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const what = message === undefined ? ['-n'] : ['-m', text];
  await run('mosquitto_pub', [
    ...argumentsOf(options),
    '-q',
    '1',
    ...(retain ? ['-r'] : []),
    '-t',
    topic,
    ...what,
  ]);
}

export interface Line {
  readonly retain: boolean;
  readonly topic: string;
  readonly text: string;
}

/** A running mosquitto_sub, and all that it has printed. */
export class Subscription {
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #looks = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('mosquitto_sub has no output');
    createInterface(child.stdout).on('line', (line) => {
      const [, retain, topic = '', text = ''] = /^([01])\t([^\t]*)\t(.*)$/.exec(line) ?? [];
      this.lines.push({ retain: retain === '1', topic, text });
      for (const look of [...this.#looks]) look();
    });
  }

  /** The last message on a topic, read as JSON; `undefined` where there is none or it was cleared. */
  latest<Payload = Record<string, unknown>>(topic: string): Payload | undefined {
    const line = this.lines.findLast((it) => it.topic === topic);
    return line === undefined || line.text === '' ? undefined : JSON.parse(line.text);
  }

  /** Every message on topics that match, in order, read as JSON. */
  all<Payload = Record<string, unknown>>(filter: string): readonly Payload[] {
    const matches = topicMatcher(filter);
    return this.lines
      .filter(({ topic, text }) => matches(topic) && text !== '')
      .map(({ text }) => JSON.parse(text));
  }

  /** Resolves with what `look` finds, as soon as it finds something. */
  until<Found>(what: string, look: () => Found | undefined | false): Promise<Found> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#looks.delete(lookAgain);
      };
      const lookAgain = () => {
        const found = look();
        if (found === undefined || found === false) return;
        end();
        resolve(found);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${what} did not come; seen:\n${this.lines.map(show).join('\n')}`));
      }, PATIENCE_MS);
      this.#looks.add(lookAgain);
      lookAgain();
    });
  }

  /** The first message on a topic, seen or to come, whose payload is wanted. */
  message<Payload = Record<string, unknown>>(
    topic: string,
    wanted: (payload: Payload) => boolean = () => true,
  ): Promise<Payload> {
    return this.until(`a message on ${topic}`, () => this.all<Payload>(topic).find(wanted));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill();
    await exit;
  }
}

/** Subscribes as `mosquitto_sub -v` does, and resolves when the broker has the subscription. */
export async function subscribe(options: ToolOptions, filter: string): Promise<Subscription> {
  // It does not say when it has subscribed, so it is sent something that is retained.
  const mark = `mark/${randomUUID()}`;
  await publish(options, mark, 'subscribed');
  const filters = ['-t', filter, '-t', mark];
  const child = spawn('mosquitto_sub', [...argumentsOf(options), '-q', '1', '-F', '%r\t%t\t%p', ...filters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const subscription = new Subscription(child);
  const isMark = ({ topic }: Line) => topic === mark;
  try {
    await subscription.until('the subscription', () => subscription.lines.some(isMark));
  } catch (error) {
    await subscription.stop();
    throw error;
  }
  await publish(options, mark);
  return subscription;
}

function argumentsOf({ port, version = '311', user, password }: ToolOptions): string[] {
  const login = user === undefined ? [] : ['-u', user, '-P', password ?? ''];
  return ['-h', '127.0.0.1', '-p', String(port), '-V', version === '5' ? 'mqttv5' : 'mqttv311', ...login];
}

function show({ topic, text, retain }: Line): string {
  return `${topic} ${text.slice(0, 300)}${retain ? ' (retained)' : ''}`;
}
