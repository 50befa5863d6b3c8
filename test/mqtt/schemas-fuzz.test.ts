import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readAnswer, readArbiter, readClaim, readForce, readState } from '../../src/mqtt/read-message';
import { readBeat, readDown, readEvent, readPresence, readUp } from '../../src/mqtt/read-session-message';
import { payloads } from '../support/nearly-messages';

const seed = Number(process.env.SEED ?? Date.now());
const readers = {
  ...{ readClaim, readForce, readAnswer, readState, readArbiter },
  ...{ readPresence, readBeat, readUp, readDown, readEvent },
};

describe(`the message readers, fed with anything (SEED=${seed})`, () => {
  it('readClaim names the payload, whatever it is', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        assert.match(readClaim(payload).hash, /^[\w-]{16}$/);
      }),
      { seed, numRuns: 5_000 },
    );
  });

  for (const [name, read] of Object.entries(readers)) {
    it(`${name} gives a message or an error, never both, never throws`, () => {
      fc.assert(
        fc.property(payloads, (payload) => {
          const { message, error } = read(payload);
          assert.equal(message === undefined, error !== undefined);
          if (error === undefined) return;
          assert.ok(error.field.length > 0 && error.text.length < 400, error.text);
          assert.doesNotMatch(error.text, /undefined/);
        }),
        { seed, numRuns: 5_000 },
      );
    });

    it(`${name} reads the same from what it gave`, () => {
      fc.assert(
        fc.property(payloads, (payload) => {
          const { message } = read(payload);
          if (message === undefined) return;
          const again = read(Buffer.from(JSON.stringify(message)));
          // As text: JSON knows no -0.
          assert.equal(JSON.stringify(again.message), JSON.stringify(message));
        }),
        { seed, numRuns: 5_000 },
      );
    });
  }
});
