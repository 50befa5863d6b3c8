// docs/devices.md: what it tells devices to publish can be read by an arbiter.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readClaim } from '../../src/mqtt/read-message';
import { REPOSITORY } from '../support/repository';

const TEXT = readFileSync(join(REPOSITORY, 'docs/devices.md'), 'utf8');
const CLAIMS = [...TEXT.matchAll(/\{"priority".*?"ttl":\d+\}/g)].map(([claim]) => claim);

describe('the documentation for devices', () => {
  it('shows a claim in the table, for Tasmota, for ESPHome and for a shell', () => {
    assert.equal(CLAIMS.length, 4);
  });

  for (const [index, claim] of CLAIMS.entries()) {
    it(`tells to publish what can be read: claim ${index + 1}`, () => {
      const reading = readClaim(Buffer.from(claim));
      assert.ok(reading.message !== undefined, JSON.stringify(reading.error));
      assert.deepEqual([reading.message.priority, reading.message.ttl], ['manual', 3_600_000]);
    });
  }
});
