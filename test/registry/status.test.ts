import assert from 'node:assert/strict';
import { type ArbiterStatus, DECIDING } from '../../src/mqtt/arbiter-status';
import type { MemberStatus } from '../../src/mqtt/member-status';
import type { ArbiterMessage } from '../../src/mqtt/messages';
import type { ParticipantStatus } from '../../src/mqtt/participant';
import { type BrokerReport, registryStatus } from '../../src/registry/status';

const WELL: BrokerReport = { text: 'mqtt://house', isWell: true };
const OTHER: ArbiterMessage = {
  ...{ v: 1, online: true, requester: 'house-pi', instance: 'x', epoch: 3, tokenFloor: 0 },
};
const JOINED: ParticipantStatus = { phase: 'joined', arbiter: OTHER, epoch: 3, reason: undefined };
const NAMES = { prefix: 'locks', requester: 'garage' };
const MEMBER: MemberStatus = {
  ...{
    role: 'arbiter',
    epoch: 3,
    arbiter: undefined,
    participant: undefined,
    other: undefined,
    canTakeOver: false,
  },
};

type Case<Part> = readonly [Partial<Part>, state: string, text: RegExp, broker?: Partial<BrokerReport>];

describe('the status of a registry that decides', () => {
  const cases: readonly Case<ArbiterStatus>[] = [
    [{}, 'ready', /^mqtt:\/\/house$/],
    [{ phase: 'starting', isPublishing: false }, 'starting', /^mqtt:\/\/house$/],
    [{ phase: 'starting', isPublishing: false, reason: 'refused' }, 'starting', /^refused$/],
    [
      { isPublishing: false },
      'offline',
      /no connection to mqtt:\/\/house; locks work in this Node-RED meanwhile/,
    ],
    [{ isPublishing: false, reason: 'it is gone' }, 'offline', /^it is gone; locks work/],
    [{ isPublishing: false, isRefused: true, reason: 'may not write' }, 'offline', /^may not write$/],
    [{}, 'offline', /^port 1883 is taken$/, { isWell: false, text: 'port 1883 is taken' }],
    [{ phase: 'stopped' }, 'failed', /^stopped$/],
    [{ phase: 'elsewhere' }, 'starting', /^mqtt:\/\/house$/],
  ];
  for (const [change, state, text, broker] of cases) {
    it(`is ${state}: ${text}`, () => {
      const arbiter = { ...DECIDING, ...change };
      const status = registryStatus({ ...MEMBER, arbiter }, { ...WELL, ...broker }, NAMES);
      assert.equal(status.state, state);
      assert.match(status.text, text);
      assert.equal('warning' in status, false);
    });
  }

  it('passes on what somebody should do something about', () => {
    const status = registryStatus({ ...MEMBER, arbiter: DECIDING }, { ...WELL, warning: 'read-only' }, NAMES);
    assert.equal(status.warning, 'read-only');
  });
});

describe('the status of a registry that takes part', () => {
  const takeover = { ...OTHER, settings: { takeover: true } };
  const cases: readonly Case<ParticipantStatus>[] = [
    [{}, 'ready', /^mqtt:\/\/house; house-pi decides alone; allow takeover there$/],
    [{ arbiter: takeover }, 'ready', /^mqtt:\/\/house; house-pi decides$/],
    [{ arbiter: undefined }, 'ready', /; somebody else decides$/],
    [{ phase: 'connecting', reason: 'it is gone' }, 'offline', /^it is gone$/],
    [{ phase: 'connecting' }, 'offline', /^connecting$/],
    [
      { phase: 'waiting', reason: 'nobody decides here', arbiter: undefined },
      'offline',
      /^nobody decides here$/,
    ],
    [{ phase: 'waiting', reason: 'x', arbiter: { ...takeover, online: false } }, 'offline', /^x$/],
    [
      { phase: 'waiting', reason: 'x', arbiter: { ...OTHER, online: false } },
      'offline',
      /^house-pi decides alone and is not there: start it, or let this Node-RED take over$/,
    ],
    [{ phase: 'refused', reason: 'why' }, 'failed', /^another Node-RED has the name garage on locks\/: why$/],
    [{ phase: 'stopped' }, 'failed', /^stopped$/],
  ];
  for (const [change, state, text] of cases) {
    it(`is ${state}: ${text}`, () => {
      const participant = { ...JOINED, ...change };
      const status = registryStatus({ ...MEMBER, role: 'participant', participant }, WELL, NAMES);
      assert.equal(status.state, state);
      assert.match(status.text, text);
    });
  }

  it('is starting before anybody has ever decided about its claims', () => {
    const participant = { ...JOINED, phase: 'connecting', reason: 'why' } as const;
    assert.deepEqual(registryStatus({ ...MEMBER, role: 'starting', participant }, WELL, NAMES), {
      state: 'starting',
      text: 'why',
    });
    assert.deepEqual(registryStatus({ ...MEMBER, role: 'starting' }, WELL, NAMES), {
      state: 'starting',
      text: 'mqtt://house',
    });
  });
});
