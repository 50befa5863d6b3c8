// Work for the lock table at any size, for counting what one operation of it costs (rule 14).
import { type ClaimCommand, LockTable } from '../../src/core';

type Options = Partial<Omit<ClaimCommand, 'type'>>;

/** Operations of one kind on a table of a given size. */
export interface Scenario {
  readonly title: string;
  /** A small and a large number of others. */
  readonly sizes: readonly [number, number];
  /** How much more an operation may cost at the large size than at the small one. */
  readonly growth: number;
  /** Fills a table; the answer does some operations on it and says how many. */
  readonly prepare: (size: number) => () => number;
}

const LIMITS = { claimsPerRequester: Infinity, resourcesPerRequester: Infinity };
const OPERATIONS = 500;
/** What does not depend on the others at all. */
const FLAT = { sizes: [500, 8_000], growth: 1.05 } as const;
/** From 500 to 8 000 a logarithm grows by half. */
const LOGARITHMIC = { sizes: [500, 8_000], growth: 1.6 } as const;
/** Several-resource claims that wait for the same are each tried once, in order of rank: eight times as many, and half more. */
const EACH_TRIED = { sizes: [50, 400], growth: 12 } as const;

export const scenarios: readonly Scenario[] = [
  {
    title: 'acquire and release, with many other resources held',
    ...FLAT,
    prepare: (size) => {
      const crowd = new Crowd();
      for (let i = 0; i < size; i++) crowd.claim(`other ${i}`, `resource ${i}`);
      return crowd.acquireAndRelease();
    },
  },
  {
    title: 'acquire and release, with many waiters elsewhere',
    ...FLAT,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ priority: i % 7 }));
      return crowd.acquireAndRelease();
    },
  },
  {
    title: 'acquire and release, with many waiting for several resources elsewhere',
    ...FLAT,
    sizes: [50, 400],
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ resources: ['lights', `spare ${i}`] }));
      return crowd.acquireAndRelease();
    },
  },
  {
    title: 'enqueue behind many that wait for several resources',
    ...EACH_TRIED,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ resources: ['lights', `spare ${i}`] }));
      return () =>
        repeat((i) => {
          crowd.claim(`late ${i}`, 'lights');
          crowd.release(`late ${i}`);
        });
    },
  },
  {
    title: 'hand over in front of many that wait for several resources',
    ...EACH_TRIED,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ resources: ['lights', 'blinds', `spare ${i}`] }));
      crowd.claim('keeps the blinds', 'blinds', { priority: 1e9 });
      for (let i = 0; i <= OPERATIONS; i++) crowd.claim(`next ${i}`, 'lights', { priority: 1 });
      return () => repeat(() => crowd.handOver());
    },
  },
  {
    title: 'acquire and release with a lease, among many leases',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd();
      for (let i = 0; i < size; i++)
        crowd.claim(`other ${i}`, `resource ${i}`, { ttl: 1e6 + mixed(i, size) });
      return crowd.acquireAndRelease({ ttl: 1e5 });
    },
  },
  {
    title: 'enqueue behind many waiters of every priority',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ priority: mixed(i, size) }));
      return () => repeat((i) => crowd.claim(`late ${i}`, 'lights', { priority: mixed(i * 61, size) }));
    },
  },
  {
    title: 'hand over to the next of many waiters of every priority',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ priority: mixed(i, size) }));
      return () => repeat(() => crowd.handOver());
    },
  },
  {
    title: 'hand over to the next of many equal waiters',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, () => ({}));
      return () => repeat(() => crowd.handOver());
    },
  },
  {
    title: 'hand over to the next of many polite waiters with timeouts',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ preempt: false, timeout: 1e6 + mixed(i, size) }));
      return () => repeat(() => crowd.handOver());
    },
  },
  {
    title: 'preempt in front of many waiters, and give back',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd({ standing: true }).queueUp(size, (i) => ({ priority: -mixed(i, size) }));
      return () =>
        repeat((i) => {
          crowd.claim(`alarm ${i}`, 'lights', { priority: 1 });
          crowd.release(`alarm ${i}`);
        });
    },
  },
  {
    title: 'revoke with a grace in front of many waiters, and yield',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd({ standing: true, grace: 100 }).queueUp(size, (i) => ({
        priority: -mixed(i, size),
      }));
      return () =>
        repeat((i) => {
          crowd.claim(`alarm ${i}`, 'lights', { priority: 1 });
          crowd.apply({ type: 'yield', id: 'holder' });
          crowd.release(`alarm ${i}`);
        });
    },
  },
  {
    title: 'change the rank of one of many waiters',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd({ priority: 1e9 }).queueUp(size, (i) => ({ priority: mixed(i, size) }));
      return () =>
        repeat((i) => crowd.apply({ type: 'update', id: `waiter ${i}`, priority: mixed(i * 61, size) }));
    },
  },
  {
    title: 'the end of a wait among many',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, (i) => ({ timeout: 1 + i }));
      return () => repeat((i) => crowd.tickAt(1 + i));
    },
  },
  {
    title: 'the end of many waits at once, for each',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd().queueUp(size, () => ({ timeout: 10 }));
      return () => {
        crowd.tickAt(10);
        return size;
      };
    },
  },
  {
    title: 'the end of a session of many claims, for each',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd();
      for (let i = 0; i < size; i++) crowd.claim(`claim ${i}`, `resource ${i >> 1}`, { session: 'panel' });
      return () => {
        crowd.apply({ type: 'endSession', session: 'panel' });
        return size;
      };
    },
  },
  {
    title: 'the end of a small session among many claims',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd();
      for (let i = 0; i < size; i++) crowd.claim(`claim ${i}`, `resource ${i}`, { session: `session ${i}` });
      return () => repeat((i) => crowd.apply({ type: 'endSession', session: `session ${i}` }));
    },
  },
  {
    title: 'acquire and release what names what it keeps, among many that do',
    ...LOGARITHMIC,
    prepare: (size) => {
      const crowd = new Crowd();
      crowd.claim('kept', 'kept');
      for (let i = 0; i < size; i++) {
        crowd.claim(`mine ${i}`, `resource ${i}`);
        crowd.claim(`wish ${i}`, `resource ${i}`, { holding: [`mine of ${i}`] });
      }
      return crowd.acquireAndRelease({ holding: ['kept'] });
    },
  },
];

/** A table, with somebody who holds the lights. */
class Crowd {
  readonly #table = new LockTable({ limits: LIMITS });
  #now = 0;
  #holder = 'holder';

  constructor(holder: Options = {}) {
    this.claim('holder', 'lights', { priority: 0, ...holder });
  }

  apply(command: Parameters<LockTable['apply']>[0]) {
    return this.#table.apply(command, { monotonic: this.#now, wall: this.#now });
  }

  claim(id: string, resource: string, options: Options = {}): void {
    this.apply({ type: 'claim', id, resources: [resource], locker: id, ...options });
  }

  release(id: string): void {
    this.apply({ type: 'release', id });
  }

  tickAt(monotonic: number): void {
    this.#now = monotonic;
    this.apply({ type: 'tick' });
  }

  /** Lets so many wait for the lights; the holder is made higher than all of them. */
  queueUp(size: number, options: (i: number) => Options): this {
    this.apply({ type: 'update', id: 'holder', priority: 1e9 });
    for (let i = 0; i < size; i++) this.claim(`waiter ${i}`, 'lights', options(i));
    return this;
  }

  acquireAndRelease(options: Options = {}): () => number {
    return () =>
      repeat((i) => {
        this.claim(`claim ${i}`, 'own', options);
        this.release(`claim ${i}`);
      });
  }

  /** Releases the lights and notes who has them next. */
  handOver(): void {
    const granted = this.apply({ type: 'release', id: this.#holder }).find(({ type }) => type === 'granted');
    if (granted?.type !== 'granted') throw new Error('nobody was granted the lights');
    this.#holder = granted.id;
  }
}

/** Does something often enough that what it costs now and then counts in full. */
function repeat(operation: (i: number) => void): number {
  for (let i = 0; i < OPERATIONS; i++) operation(i);
  return OPERATIONS;
}

/** Numbers from 0 to below `size`, in a mixed order. */
function mixed(i: number, size: number): number {
  return (i * 7919) % size;
}
