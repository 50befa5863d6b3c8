import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { sha256 } from '../../src/mqtt/sha-256';

describe('the hash of what also browsers name', () => {
  it('is SHA-256, whatever the length', () => {
    for (let length = 0; length < 300; length++) {
      const bytes = randomBytes(length);
      const wanted = createHash('sha256').update(bytes).digest('hex');
      assert.equal(Buffer.from(sha256(bytes)).toString('hex'), wanted, bytes.toString('hex'));
    }
  });
});
