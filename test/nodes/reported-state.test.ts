import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareStates, mergeReports } from '../../nodes/acquire/reported-state';
import type { Json } from '../../src/core';
import { holds } from '../support/core-fast-check';

describe('a reported state', () => {
  const says = (expected: string, wanted: Json, reported: Json) =>
    assert.equal(compareStates(wanted, reported), expected, JSON.stringify({ wanted, reported }));

  it('is the same however on and off are spelled', () => {
    const on: readonly Json[] = [
      true,
      'on',
      'ON',
      'true',
      { state: 'ON' },
      { POWER: 'on' },
      { state: true },
      1,
      '1',
    ];
    const reported: readonly Json[] = ['on', { state: 'ON', brightness: 3 }, { POWER: 'ON' }, { state: 1 }];
    for (const one of on) {
      for (const other of reported) {
        says('same', one, other);
        says('differs', one, typeof other === 'string' ? 'off' : { state: 'OFF' });
      }
    }
    const off: readonly Json[] = [false, 'off', 'OFF', 'false', { state: 'OFF' }, { Power: 'off' }, 0, '0'];
    for (const one of off) {
      says('same', one, { state: 'OFF', brightness: 127 });
      says('differs', one, { state: 'ON', brightness: 127 });
    }
  });

  it('is compared in what it has in common with the value', () => {
    const wanted = { state: 'ON', brightness: 128 };
    says('same', wanted, { state: 'ON' });
    says('same', wanted, { brightness: 128 });
    says('same', wanted, { state: 'ON', brightness: 128, linkquality: 80 });
    says('differs', wanted, { brightness: 60 });
    says('incomparable', wanted, { linkquality: 80 });
    says('incomparable', wanted, { state: 'unavailable' });
    says('incomparable', wanted, { state: null, brightness: null });
    says('incomparable', { scene: 'cosy' }, 'ON');
  });

  it('may be rounded', () => {
    says('same', { brightness: 128 }, { brightness: 127 });
    says('differs', { brightness: 128 }, { brightness: 126 });
    says('same', { brightness: 5 }, { brightness: 6 });
    says('same', { Dimmer: 50 }, { dimmer: '49' });
    says('same', { position: 0 }, { position: 1 });
    says('same', 128, 127);
    says('differs', { setpoint: 20 }, { setpoint: 21 });
    says('differs', { setpoint: 20.5 }, { setpoint: 21 });
    says('same', { color: { x: 0.31, y: 0.32 } }, { color: { x: 0.3127, y: 0.32, hue: 7 } });
    says('differs', { color: { x: 0.31, y: 0.32 } }, { color: { x: 0.45, y: 0.4 } });
    says('same', { color: { r: 255, g: 10, b: 0 } }, { color: { r: 254, g: 9, b: 0 } });
    says('differs', 1, 0);
  });

  it('is the same when it is off as it should be, whatever brightness it will have next time', () => {
    says('same', { state: 'OFF' }, { state: 'OFF', brightness: 127 });
    says('same', { state: 'OFF', brightness: 0 }, { state: 'OFF', brightness: 127 });
    says('same', { brightness: 0 }, { state: 'OFF', brightness: 127 });
    says('incomparable', { state: 'OFF', brightness: 0 }, { brightness: 127 });
    says('differs', { state: 'OFF', brightness: 0 }, { state: 'ON', brightness: 0 });
    says('differs', 0, 40);
  });

  it('differs when it is off while it should have some brightness', () => {
    says('differs', { brightness: 128 }, { state: 'OFF', brightness: 128 });
    says('differs', { Dimmer: 50 }, { POWER: 'OFF', Dimmer: 50 });
    says('same', { Dimmer: 50 }, { POWER: 'ON', Dimmer: 50 });
  });

  it('does not differ in what is only measured', () => {
    const wanted = { state: 'ON', brightness: 128, linkquality: 80, power_usage: 4, last_seen: 'now' };
    says('same', wanted, {
      state: 'ON',
      brightness: 128,
      linkquality: 20,
      power_usage: 9,
      last_seen: 'then',
    });
  });

  it('may be anything else that has names in common', () => {
    says('differs', { mode: 'heat' }, { mode: 'off' });
    says('same', { mode: 'heat' }, { mode: 'HEAT', local: 1 });
    says('differs', { slats: [1, 2] }, { slats: [1, 2, 3] });
    says('same', { slats: [1, 2] }, { slats: [1, 2] });
    says('same', 'open', 'OPEN');
    says('differs', 'open', 'close');
    says('incomparable', { mode: 'heat' }, { mode: 7 });
    says('incomparable', null, 'ON');
    assert.equal(compareStates(undefined, 'ON'), 'incomparable');
    assert.equal(compareStates('ON', undefined), 'incomparable');
  });

  it('may be JSON that is still text', () => {
    says('same', { state: 'ON' }, '{"state":"ON"}');
    says('differs', '{"state":"OFF"}', ' {"state":"ON"}');
    says('differs', '{no json', '{no JSON!');
  });

  it('in parts leaves the rest as it was', () => {
    assert.deepEqual(mergeReports({ state: 'ON', brightness: 1 }, { brightness: 2 }), {
      state: 'ON',
      brightness: 2,
    });
    assert.deepEqual(mergeReports('ON', { brightness: 2 }), { brightness: 2 });
    assert.deepEqual(mergeReports({ state: 'ON' }, 'OFF'), 'OFF');
    assert.deepEqual(mergeReports(undefined, { state: 'ON' }), { state: 'ON' });
  });

  describe('of any lamp', () => {
    const brightness = fc.integer({ min: 1, max: 254 });
    const spelled = (isOn: boolean) =>
      fc.constantFrom(...(isOn ? ['ON', 'on', true] : ['OFF', 'off', false]));
    const light = fc.record({ isOn: fc.boolean(), brightness });
    const wantedOf = ({ isOn, brightness: level }: { isOn: boolean; brightness: number }) =>
      spelled(isOn).chain((on) =>
        fc.constantFrom<Json>({ state: on, brightness: level }, { state: on }, on, {
          POWER: on,
          brightness: level,
        }),
      );
    const reportOf = ({ isOn, brightness: level }: { isOn: boolean; brightness: number }) =>
      fc
        .record({ on: spelled(isOn), off: fc.integer({ min: -1, max: 1 }), noise: fc.jsonValue() })
        .chain(({ on, off, noise }) => {
          const reported = level + off;
          return fc.constantFrom<Json>(
            { state: on, brightness: reported, linkquality: noise as Json },
            { POWER: on, brightness: String(reported), Time: noise as Json },
            on,
          );
        });

    it('is never a difference when it is an echo, whole or in parts, rounded, with noise in it', () => {
      holds(
        fc.property(
          light.chain((as) => fc.tuple(wantedOf(as), reportOf(as))),
          ([wanted, reported]) => compareStates(wanted, reported) === 'same',
        ),
      );
    });

    it('is always a difference when it was turned on or off by hand', () => {
      holds(
        fc.property(
          light.chain((as) => fc.tuple(wantedOf(as), reportOf({ ...as, isOn: !as.isOn }))),
          ([wanted, reported]) => compareStates(wanted, reported) === 'differs',
        ),
      );
    });

    it('is always a difference when it was dimmed by more than is rounded', () => {
      holds(
        fc.property(brightness, fc.integer({ min: 0, max: 254 }), (wanted, reported) => {
          const isFar = Math.abs(wanted - reported) > Math.max(1, 0.01 * Math.max(wanted, reported));
          const found = compareStates(
            { state: 'ON', brightness: wanted },
            { state: 'ON', brightness: reported },
          );
          return found === (isFar ? 'differs' : 'same');
        }),
      );
    });
  });

  it('never differs from itself, whatever it is', () => {
    holds(fc.property(fc.jsonValue(), (state) => compareStates(state as Json, state as Json) !== 'differs'));
  });
});
