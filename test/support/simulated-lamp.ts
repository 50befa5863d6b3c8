// A lamp as three kinds of firmware report it: late, twice, rounded and in parts. It does what it is told at once.
import type { Json } from '../../src/core';
import type { Clock } from '../../src/protocol';

export type Firmware = 'zigbee2mqtt' | 'tasmota' | 'esphome';

interface Light {
  readonly isOn: boolean;
  /** In percent. */
  readonly percent: number;
}

interface Spelling {
  /** As an automation spells what the lamp should be. */
  wanted(light: Light): Json;
  /** Understands a value that may leave something as it was. */
  read(value: Json, before: Light): Light;
  /** Reports in parts, the last one whole; `noise` is measured and never twice the same. */
  reports(light: Light, noise: number): readonly Json[];
}

const FULL = 254;
const onOff = (isOn: boolean) => (isOn ? 'ON' : 'OFF');
/** The lamp counts in percent and rounds down: 127 for 128. */
const rounded = (percent: number) => Math.floor((percent * FULL) / 100);
const upwards = (percent: number) => Math.ceil((percent * FULL) / 100);

const inParts = (...reports: readonly Json[]) => reports;

type Fields = { readonly [key: string]: Json };
const asFields = (value: Json): Fields => value as Fields;

const SPELLINGS: Readonly<Record<Firmware, Spelling>> = {
  zigbee2mqtt: {
    wanted: ({ isOn, percent }) => ({ state: onOff(isOn), brightness: upwards(percent) }),
    read: fromBrightness,
    reports: ({ isOn, percent }, noise) =>
      inParts(
        { brightness: rounded(percent) },
        { state: onOff(isOn), brightness: rounded(percent), linkquality: noise, update: { state: 'idle' } },
      ),
  },
  tasmota: {
    wanted: ({ isOn, percent }) => ({ power: isOn ? 'on' : 'off', dimmer: percent }),
    read: (value, { percent }) => {
      if (typeof value === 'string') return { isOn: isOn(value), percent };
      const { power, POWER = power, dimmer, Dimmer = dimmer ?? percent } = asFields(value);
      return { isOn: isOn(POWER), percent: Number(Dimmer) };
    },
    reports: ({ isOn, percent }, noise) =>
      inParts(onOff(isOn), {
        Time: `2026-01-01T12:00:${noise}`,
        POWER: onOff(isOn),
        Dimmer: percent,
        Wifi: { RSSI: noise },
      }),
  },
  esphome: {
    wanted: ({ isOn, percent }) => ({ state: isOn ? 'on' : 'off', brightness: upwards(percent) }),
    read: fromBrightness,
    reports: ({ isOn, percent }) =>
      inParts(
        { state: onOff(isOn) },
        { state: onOff(isOn), brightness: rounded(percent), color_mode: 'brightness' },
      ),
  },
};

/** Told a brightness alone, it turns on. */
function fromBrightness(value: Json, before: Light): Light {
  const { state = 'ON', brightness } = asFields(value);
  const percent = brightness === undefined ? before.percent : Math.round((Number(brightness) * 100) / FULL);
  return { isOn: isOn(state), percent };
}

function isOn(spelled: Json | undefined): boolean {
  return String(spelled).toLowerCase() === 'on';
}

export interface Echoes {
  /** How late the lamp reports what it was told, in ms, each time anew. */
  readonly lateMs: readonly number[];
}

export class SimulatedLamp {
  readonly #spelling: Spelling;
  readonly #clock: Clock;
  readonly #echoes: Echoes;
  readonly #report: (payload: Json) => void;
  #light: Light = { isOn: false, percent: 100 };
  #noise = 0;

  constructor(firmware: Firmware, clock: Clock, echoes: Echoes, report: (payload: Json) => void) {
    this.#spelling = SPELLINGS[firmware];
    this.#clock = clock;
    this.#echoes = echoes;
    this.#report = report;
  }

  /** What an automation claims that wants it so. */
  wanted(isOn: boolean, percent: number): Json {
    return this.#spelling.wanted({ isOn, percent });
  }

  /** Told over the air to be so; a lamp that should be off keeps its brightness for the next time. */
  obey(value: Json): void {
    const light = this.#spelling.read(value, this.#light);
    this.#light = light.isOn ? light : { ...this.#light, isOn: false };
    for (const lateMs of this.#echoes.lateMs) this.#clock.setTimer(lateMs, () => this.tell());
  }

  /** Somebody turns it on or off, or dims it, by hand. */
  turn(isOn: boolean, percent = this.#light.percent): void {
    this.#light = { isOn, percent };
    this.tell();
  }

  /** Reports how it is, as it does now and then. */
  tell(): void {
    this.#noise += 1;
    for (const payload of this.#spelling.reports(this.#light, this.#noise)) this.#report(payload);
  }
}
