// The short texts under a node: cut to what fits there, with times as a clock on the wall shows them.
import type { NodeStatus } from 'node-red';

/** Looks a text up in the catalogue, as `RED._` does. */
export type Translate = (key: string, values?: Readonly<Record<string, string>>) => string;

/** Looks up a text only when it is another one than the last time: a status is shown for every message. */
export function translator(look: Translate): Translate {
  const last = new Map<string, { readonly values: string; readonly text: string }>();
  return (key, values) => {
    const spelled = values === undefined ? '' : Object.values(values).join('\n');
    const known = last.get(key);
    if (known?.values === spelled) return known.text;
    const text = look(key, values);
    last.set(key, { values: spelled, text });
    return text;
  };
}

/** Shows a status only when it is another one than the last time. */
export class StatusLine {
  readonly #show: (status: NodeStatus) => void;
  #shown: NodeStatus = {};

  constructor(show: (status: NodeStatus) => void) {
    this.#show = show;
  }

  show(status: NodeStatus): void {
    const { fill, shape, text } = this.#shown;
    if (status.fill === fill && status.shape === shape && status.text === text) return;
    this.#shown = status;
    this.#show(status);
  }
}

/** Statuses stay below 20 characters. */
const LONGEST_STATUS = 19;
const DAY_MS = 86_400_000;

export function status(
  fill: NonNullable<NodeStatus['fill']>,
  shape: NonNullable<NodeStatus['shape']>,
  text: string,
): NodeStatus {
  return { fill, shape, text };
}

/** Says a sentence with a name in it; it is the name that gives way when both do not fit. */
export function squeeze(say: (name: string) => string, name: string, longest = LONGEST_STATUS): string {
  const whole = say(name);
  const letters = [...name];
  const surplus = [...whole].length - longest;
  if (surplus <= 0) return whole;
  return say(cut(name, Math.max(letters.length - surplus, 2)));
}

export function cut(text: string, longest: number): string {
  const letters = [...text];
  return letters.length <= longest ? text : `${letters.slice(0, longest - 1).join('')}…`;
}

/** `14:05` within a day, else `26 Nov` as it is written in a locale; for both the local time of this machine. */
export function clockTime(wallMs: number, nowMs: number, locale: string): string {
  const time = new Date(wallMs);
  if (wallMs - nowMs < DAY_MS) {
    return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  }
  return time.toLocaleDateString(locale, { day: 'numeric', month: 'short' });
}
