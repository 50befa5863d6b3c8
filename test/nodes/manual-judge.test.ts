import assert from 'node:assert/strict';
import { judge } from '../../nodes/acquire/manual-detection';
import type { Json } from '../../src/core';

describe('a report, as manual detection judges it', () => {
  const held = (value?: Json) => ({ state: 'held' as const, ...(value !== undefined && { value }) });
  const free = (value?: Json) => ({ state: 'free' as const, ...(value !== undefined && { value }) });

  for (const [title, state, reported, before, isSettled, verdict] of [
    ['is a hand where it differs', held('on'), 'OFF', 'ON', true, 'hand'],
    ['is to be judged later where that may still be an echo', held('on'), 'OFF', 'ON', false, 'settling'],
    ['is an echo where it is as wanted', held('on'), 'ON', 'OFF', false, 'echo'],
    ['is an echo also after a long time', held('on'), 'ON', 'OFF', true, 'echo'],
    ['decides nothing where it has nothing in common', held('on'), { mode: 1 }, 'OFF', true, 'undecided'],
    ['decides nothing while somebody has it without a value', held(), 'ON', 'OFF', true, 'undecided'],
    ['is compared with the default value while nobody has it', free('off'), 'ON', 'ON', true, 'hand'],
    ['is a hand where it changes what nobody has', free(), 'ON', 'OFF', true, 'hand'],
    ['decides nothing just after it was freed', free(), 'ON', 'OFF', false, 'undecided'],
    ['decides nothing where it repeats the one before', free(), 'ON', 'ON', true, 'undecided'],
    ['decides nothing where it is the first one', free(), 'ON', undefined, true, 'undecided'],
  ] as const) {
    it(title, () => assert.equal(judge(state, reported, before, isSettled), verdict));
  }
});
