// Named levels: priorities that people can say. Stored by id, so that renaming or reordering one breaks no node.
import { isRecord } from './read-payload';

export interface Level {
  readonly id: string;
  readonly name: string;
  readonly priority: number;
}

export function isLevel(value: unknown): value is Level {
  return (
    isRecord(value) &&
    typeof value.id === 'string' &&
    typeof value.name === 'string' &&
    typeof value.priority === 'number'
  );
}

export interface Levels {
  readonly all: readonly Level[];
  /** The number for a number, a numeric string, or a level's id or name (any case); `undefined` if there is none. */
  priorityOf(level: number | string): number | undefined;
  /** The name of the level with exactly this priority. */
  nameOf(priority: number): string | undefined;
}

const MANUAL = 'manual';
/** Of that level, where there is none of the name. */
const MANUAL_PRIORITY = 500;

/** The priority with which people hold. */
export function manualPriority(levels: Pick<Levels, 'priorityOf'>): number {
  return levels.priorityOf(MANUAL) ?? MANUAL_PRIORITY;
}

export const DEFAULT_LEVELS: readonly Level[] = [
  { id: 'life-safety', name: 'life-safety', priority: 1000 },
  { id: 'security', name: 'security', priority: 900 },
  { id: 'weather', name: 'weather', priority: 800 },
  { id: 'manual', name: 'manual', priority: 500 },
  { id: 'motion', name: 'motion', priority: 100 },
  { id: 'schedule', name: 'schedule', priority: 50 },
  { id: 'comfort', name: 'comfort', priority: 0 },
  { id: 'energy', name: 'energy', priority: -100 },
];

/**
 * Looks levels up; where two have the same priority, the first one counts.
 * @throws {RangeError} if a priority is not finite, or an id or a name, in any case, is there twice.
 */
export function makeLevels(all: readonly Level[] = DEFAULT_LEVELS): Levels {
  const byWord = new Map<string, number>();
  const names = new Map<number, string>();
  const taken = new Set<string>();
  for (const { id, name, priority } of all) {
    const word = wordOf(name);
    if (!Number.isFinite(priority)) throw new RangeError(`level ${id} has the priority ${priority}`);
    if (byWord.has(id)) throw new RangeError(`two levels have the id ${id}`);
    if (taken.has(word)) throw new RangeError(`two levels have the name ${JSON.stringify(name.trim())}`);
    byWord.set(id, priority);
    taken.add(word);
  }
  for (const { id, name, priority } of all) {
    for (const word of [wordOf(name), wordOf(id)]) {
      if (!byWord.has(word)) byWord.set(word, priority);
    }
    if (!names.has(priority)) names.set(priority, name);
  }
  return {
    all,
    priorityOf: (level) => (typeof level === 'number' ? finite(level) : lookUp(byWord, level.trim())),
    nameOf: (priority) => names.get(priority),
  };
}

function wordOf(text: string): string {
  return text.trim().toLowerCase();
}

function lookUp(byWord: ReadonlyMap<string, number>, word: string): number | undefined {
  return byWord.get(word) ?? byWord.get(word.toLowerCase()) ?? readNumber(word);
}

function readNumber(word: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? finite(Number(word)) : undefined;
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}
