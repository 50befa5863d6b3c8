// What a free resource shows: default values, by patterns of names.
import type { Json } from '../core';
import { resourceMatcher } from '../protocol';
import { isRecord } from './read-payload';

export interface DefaultValue {
  /** A pattern as in MQTT. */
  readonly resource: string;
  readonly value: Json;
}

export function isDefaultValue(value: unknown): value is DefaultValue {
  return isRecord(value) && typeof value.resource === 'string';
}

export interface Defaults {
  readonly all: readonly DefaultValue[];
  /** The value of the first pattern that matches. */
  valueOf(resource: string): Json | undefined;
  /** Resources that are named without a wildcard. */
  readonly named: readonly string[];
}

/** @throws {RangeError} for what is no pattern. */
export function makeDefaults(all: readonly DefaultValue[]): Defaults {
  const compiled = all.map(({ resource, value }) => ({ matches: resourceMatcher(resource), value }));
  const plain = all.filter(({ resource }) => !/[+#%]/.test(resource));
  return {
    all,
    named: plain.map(({ resource }) => resource),
    valueOf: (resource) => compiled.find(({ matches }) => matches(resource))?.value,
  };
}
