// What the library needs of a place where locks live: five functions. Anyone can write another one.
import type { DenialReason, Json, LossReason } from '../core';

export {};
export type { DenialReason, Json, LossReason };
