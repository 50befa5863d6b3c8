// Rule 13: limits, and the ranges of arguments.
import assert from 'node:assert/strict';
import { DEFAULT_LIMITS } from '../../../src/core';
import { describeRule } from '../../support/core-rules';

const BYTES = 512;

describeRule('rule 13: limits', (open) => {
  it('has the limits of the rule for defaults', () => {
    assert.deepEqual(DEFAULT_LIMITS, {
      claimsPerRequester: 10_000,
      resourcesPerRequester: 10_000,
      resources: 1_000_000,
      resourcesPerClaim: 64,
      nameBytes: 512,
      valueBytes: 8192,
      graceMs: 5000,
    });
  });

  it('denies a claim beyond the claims of its requester as full', () => {
    const scene = open({ limits: { claimsPerRequester: 2 } });
    scene.claim('a', 'a', { requester: 'hall' });
    scene.claim('b', 'a', { requester: 'hall' });
    assert.deepEqual(scene.claim('c', 'a', { requester: 'hall' }), ['denied c full']);
    assert.deepEqual(scene.claim('d', 'a', { requester: 'attic' }), ['queued d']);
    assert.deepEqual(scene.claim('e', 'a'), ['queued e']);
  });

  it('counts only live claims', () => {
    const scene = open({ limits: { claimsPerRequester: 1 } });
    scene.claim('a', 'a');
    scene.release('a');
    assert.deepEqual(scene.claim('b', 'a'), ['granted b']);
    assert.deepEqual(scene.claim('b', 'a'), ['granted b repeated']);
    assert.deepEqual(scene.claim('c', 'a'), ['denied c full']);
  });

  it('denies a claim beyond the resources of its requester as full', () => {
    const scene = open({ limits: { resourcesPerRequester: 3 } });
    scene.claim('a', ['a', 'b'], { requester: 'hall' });
    assert.deepEqual(scene.claim('b', ['a', 'b'], { requester: 'hall' }), ['denied b full']);
    assert.deepEqual(scene.claim('c', 'a', { requester: 'hall' }), ['queued c']);
    assert.deepEqual(scene.claim('d', 'a', { requester: 'hall' }), ['denied d full']);
  });

  it('denies a new resource beyond those of the table as full', () => {
    const scene = open({ limits: { resources: 3, resourcesPerClaim: 2 } });
    scene.claim('a', ['a', 'b'], { requester: 'hall' });
    scene.claim('b', 'c', { requester: 'hall' });
    assert.deepEqual(scene.claim('c', 'd', { requester: 'hall' }), ['denied c full']);
    assert.deepEqual(scene.claim('d', 'c', { requester: 'hall' }), ['queued d']);
  });

  it('denies a claim of which only one resource is too many', () => {
    const scene = open({ limits: { resources: 3, resourcesPerClaim: 2 } });
    scene.claim('a', ['a', 'b'], { requester: 'hall' });
    assert.deepEqual(scene.claim('b', ['b', 'c'], { requester: 'hall' }), ['queued b']);
    assert.deepEqual(scene.claim('c', ['c', 'd'], { requester: 'hall' }), ['denied c full']);
  });

  it('lets no stranger keep an alarm out by filling the table', () => {
    const scene = open({ limits: { resources: 2, resourcesPerClaim: 2 } });
    scene.claim('a', ['a', 'b'], { requester: 'stranger' });
    assert.deepEqual(scene.claim('c', 'c', { requester: 'stranger' }), ['denied c full']);
    assert.deepEqual(scene.claim('alarm', ['kitchen', 'hall'], { requester: 'alarm' }), ['granted alarm']);
  });

  it('denies more resources in one claim than allowed as too-many', () => {
    const scene = open();
    const names = Array.from({ length: 65 }, (_, i) => `resource ${i}`);
    assert.deepEqual(scene.claim('a', names), ['denied a too-many']);
    assert.deepEqual(scene.claim('b', names.slice(1)), ['granted b']);
  });

  it('denies names over 512 bytes as too-long, counted in UTF-8', () => {
    const scene = open();
    const longest = ['x'.repeat(BYTES), 'ü'.repeat(BYTES / 2), '☃'.repeat(170), '🔒'.repeat(BYTES / 4)];
    for (const name of longest) {
      assert.deepEqual(scene.claim('a', name), ['granted a']);
      scene.release('a');
      assert.deepEqual(scene.claim('a', `${name}xxx`), ['denied a too-long']);
      assert.deepEqual(scene.claim('a', 'lights', { locker: `${name}xxx` }), ['denied a too-long']);
    }
  });

  it('denies a value over 8 KiB of JSON as too-long, counted in UTF-8', () => {
    const scene = open();
    const fits = 'x'.repeat(8190);
    assert.deepEqual(scene.claim('a', 'lights', { value: fits }), ['granted a']);
    assert.deepEqual(scene.claim('b', 'lights', { value: `${fits}x` }), ['denied b too-long']);
    assert.deepEqual(scene.claim('c', 'lights', { value: { text: 'ü'.repeat(4096) } }), [
      'denied c too-long',
    ]);
    assert.deepEqual(scene.claim('d', 'lights', { value: ['ü'.repeat(4000), 1, true, null] }), ['queued d']);
  });

  it('denies a grace over 5 s as too-long', () => {
    const scene = open();
    assert.deepEqual(scene.claim('a', 'lights', { grace: 5000 }), ['granted a']);
    assert.deepEqual(scene.claim('b', 'lights', { grace: 5000.1 }), ['denied b too-long']);
    assert.deepEqual(scene.claim('c', 'lights', { grace: Infinity }), ['denied c too-long']);
  });

  it('does not limit the hand-over timeout', () => {
    const scene = open();
    assert.deepEqual(scene.claim('a', 'lights', { handover: Infinity }), ['granted a']);
  });

  it('takes each limit as a setting', () => {
    const scene = open({ limits: { nameBytes: 3, valueBytes: 4, graceMs: 10, resourcesPerClaim: 1 } });
    assert.deepEqual(scene.claim('a', 'long', { locker: 'A' }), ['denied a too-long']);
    assert.deepEqual(scene.claim('b', 'abc', { locker: 'A', value: 'abc' }), ['denied b too-long']);
    assert.deepEqual(scene.claim('c', 'abc', { locker: 'A', grace: 11 }), ['denied c too-long']);
    assert.deepEqual(scene.claim('d', ['a', 'b'], { locker: 'A' }), ['denied d too-many']);
    assert.deepEqual(scene.claim('e', 'abc', { locker: 'A', value: 'ab', grace: 10 }), ['granted e']);
  });

  it('takes Infinity for no limit', () => {
    for (const none of ['claimsPerRequester', 'resourcesPerRequester'] as const) {
      const other = none === 'claimsPerRequester' ? 'resourcesPerRequester' : 'claimsPerRequester';
      const scene = open({ limits: { [none]: Infinity, [other]: 2 } });
      scene.claim('a', 'a');
      scene.claim('b', 'b');
      assert.deepEqual(scene.claim('c', 'c'), ['denied c full']);
    }
    const scene = open({ limits: { claimsPerRequester: Infinity, resourcesPerRequester: Infinity } });
    for (let i = 0; i < 20; i++) scene.claim(`claim ${i}`, ['a', 'b']);
    assert.equal(scene.seeResource('a').waitingCount, 19);
    assert.deepEqual(scene.release('claim 0'), ['released claim 0', 'granted claim 1']);
  });

  it('denies as invalid what is not in its range', () => {
    const scene = open();
    const bad = [
      { priority: Number.NaN },
      { priority: Infinity },
      { priority: -Infinity },
      { ttl: 0 },
      { ttl: -1 },
      { ttl: Number.NaN },
      { timeout: -1 },
      { timeout: Number.NaN },
      { grace: -1 },
      { grace: Number.NaN },
      { handover: -1 },
      { handover: Number.NaN },
      { locker: '' },
    ];
    for (const options of bad) assert.deepEqual(scene.claim('a', 'lights', options), ['denied a invalid']);
    assert.deepEqual([...scene.table.claims()], []);
  });

  it('denies as invalid no resource, an unnamed one, and one named twice', () => {
    const scene = open();
    assert.deepEqual(scene.claim('a', []), ['denied a invalid']);
    assert.deepEqual(scene.claim('a', ''), ['denied a invalid']);
    assert.deepEqual(scene.claim('a', ['lights', '']), ['denied a invalid']);
    assert.deepEqual(scene.claim('a', ['lights', 'blinds', 'lights']), ['denied a invalid']);
    assert.deepEqual([...scene.table.resources()], []);
  });

  it('takes fractions and the largest numbers', () => {
    const scene = open();
    scene.claim('a', 'lights', { priority: -Number.MAX_VALUE, ttl: 0.5 });
    assert.deepEqual(scene.claim('b', 'lights', { priority: Number.MAX_VALUE }), [
      'lost a preempted by b',
      'granted b',
    ]);
  });
});
