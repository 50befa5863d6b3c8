import assert from 'node:assert/strict';
import type { ArbiterStatus } from '../../src/mqtt/arbiter';
import type { ArbiterMessage } from '../../src/mqtt/messages';
import { type BrokerReport, registryStatus } from '../../src/registry/status';

const WELL: BrokerReport = { text: 'mqtt://house', isWell: true };
const DECIDING: ArbiterStatus = {
  ...{ phase: 'deciding', isPublishing: true, reason: undefined, isRefused: false, other: undefined },
};
const OTHER: ArbiterMessage = {
  v: 1,
  online: true,
  requester: 'house-pi',
  instance: 'x',
  epoch: 3,
  tokenFloor: 0,
};
const NAMES = { prefix: 'locks', requester: 'garage' };

describe('the status of a registry', () => {
  const cases: readonly (readonly [
    Partial<ArbiterStatus>,
    Partial<BrokerReport>,
    state: string,
    text: RegExp,
  ])[] = [
    [{}, {}, 'ready', /^mqtt:\/\/house$/],
    [{ phase: 'starting', isPublishing: false }, {}, 'starting', /^mqtt:\/\/house$/],
    [{ phase: 'starting', isPublishing: false, reason: 'refused' }, {}, 'starting', /^refused$/],
    [
      { isPublishing: false },
      {},
      'offline',
      /no connection to mqtt:\/\/house; locks work in this Node-RED meanwhile/,
    ],
    [{ isPublishing: false, reason: 'it is gone' }, {}, 'offline', /^it is gone; locks work/],
    [{ isPublishing: false, isRefused: true, reason: 'may not write' }, {}, 'offline', /^may not write$/],
    [{}, { isWell: false, text: 'port 1883 is taken' }, 'offline', /^port 1883 is taken$/],
    [{ phase: 'stopped' }, {}, 'failed', /^stopped$/],
    [
      { phase: 'elsewhere', other: OTHER },
      {},
      'failed',
      /^house-pi decides alone on locks\/: use another prefix/,
    ],
    [
      { phase: 'elsewhere', other: { ...OTHER, online: false } },
      {},
      'failed',
      /is not there: .* clear locks\/arbiter/,
    ],
    [
      { phase: 'elsewhere', other: { ...OTHER, requester: 'garage' } },
      {},
      'failed',
      /another Node-RED of the name garage/,
    ],
    [{ phase: 'elsewhere' }, {}, 'failed', /^somebody else decides/],
  ];
  for (const [arbiter, broker, state, text] of cases) {
    it(`is ${state}: ${text}`, () => {
      const status = registryStatus({ ...DECIDING, ...arbiter }, { ...WELL, ...broker }, NAMES);
      assert.equal(status.state, state);
      assert.match(status.text, text);
      assert.equal('warning' in status, false);
    });
  }

  it('passes on what somebody should do something about', () => {
    const status = registryStatus(DECIDING, { ...WELL, warning: 'read-only' }, NAMES);
    assert.equal(status.warning, 'read-only');
  });
});
