// Where locks live: the interface of such a place, one in this process, and the clock.
export type { Clock, Timer } from './clock';
export { createMemoryProtocol, type MemoryOptions } from './memory';
export type * from './protocol';
export { objectToPattern, patternOf, resourceMatcher, resourceOf } from './resource-pattern';
export { sleep, systemClock } from './system-clock';
