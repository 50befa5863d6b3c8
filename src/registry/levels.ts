// Named levels: priorities that people can say. Stored by id, so that renaming or reordering one breaks no node.

export interface Level {
  readonly id: string;
  readonly name: string;
  readonly priority: number;
}

export interface Levels {
  readonly all: readonly Level[];
  /** The number for a number, a numeric string, or a level's id or name (any case); `undefined` if there is none. */
  priorityOf(level: number | string): number | undefined;
  /** The name of the level with exactly this priority. */
  nameOf(priority: number): string | undefined;
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
