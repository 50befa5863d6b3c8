// Makes the plan of a simulated history from a seed.
import type { OwnChange } from '../../src/mqtt/arbiter-own';
import type { ClaimMessage } from '../../src/mqtt/messages';
import { Chance } from './chance';
import type { Deed, Fault, Plan, ProcessShape, Round, Shape, Step } from './plan';

export interface PlanOptions {
  readonly seed: number;
  readonly rounds: number;
  /** Of a round without the quiet after it, in ms. */
  readonly roundLength: number;
}

/** Two clocks that differ by this share both ways are five per cent apart. */
const RATE_ERROR = 0.0249;
const PRIORITIES = [0, 0, 10, 10, 20, 50, 100];
const HOUR = 3_600_000;

export function makePlan({ seed, rounds, roundLength }: PlanOptions): Plan {
  const chance = new Chance(seed);
  const shape = makeShape(chance);
  return {
    seed,
    shape,
    rounds: Array.from({ length: rounds }, () => makeRound(chance, shape, roundLength)),
  };
}

function makeShape(chance: Chance): Shape {
  const isTakeover = chance.happens(0.8);
  const mayDecide = () => isTakeover && chance.happens(0.8);
  const count = chance.pick([1, 2, 2, 3, 3, 4]);
  const slowest = chance.pick([5, 20, 200]);
  return {
    processes: Array.from({ length: count }, (_, index): ProcessShape => {
      const least = chance.between(0.2, slowest);
      return {
        requester: `house ${index + 1}`,
        decide: index === 0 ? (isTakeover ? 'takeover' : 'alone') : mayDecide() ? 'takeover' : 'never',
        rate: 1 + chance.between(-RATE_ERROR, RATE_ERROR),
        wallError: chance.happens(0.2) ? chance.between(-HOUR, HOUR) : chance.between(-50, 50),
        latency: [least, least + chance.between(0, slowest)],
      };
    }),
    devices: ['panel', 'switch'].slice(0, chance.integer(0, 2)),
    resources: ['hall', 'kitchen', 'garage', 'garden'].slice(0, chance.integer(1, 4)),
    handoverTimeout: slowest > 20 || chance.happens(0.5) ? Infinity : 1_000,
    keepalive: chance.pick([2_000, 5_000, 15_000]),
    isForced: chance.happens(0.2),
    saveEvery: chance.pick([1_000, 10_000, 60_000]),
  };
}

function makeRound(chance: Chance, shape: Shape, length: number): Round {
  const faultEvery = chance.pick([1_500, 4_000, 10_000, 30_000]);
  const deedEvery = chance.pick([300, 1_000, 3_000, 8_000]);
  const steps: Step[] = [];
  for (let at = chance.wait(faultEvery); at < length; at += chance.wait(faultEvery)) {
    steps.push({ at, ...makeFault(chance, shape) });
  }
  for (let at = 0; at < length; at += chance.wait(deedEvery)) steps.push({ at, ...makeDeed(chance, shape) });
  return { length, steps: steps.sort((left, right) => left.at - right.at) };
}

function makeFault(chance: Chance, shape: Shape): Fault {
  const process = chance.integer(0, shape.processes.length - 1);
  const length = chance.happens(0.15) ? chance.between(0, 40_000) : chance.wait(4_000);
  const kind = chance.pick(FAULTS);
  switch (kind) {
    case 'crash':
    case 'stop':
    case 'freeze':
    case 'suspend':
      return { kind, process, for: length };
    case 'jump':
      return { kind, process, by: jump(chance) };
    case 'cut':
      return {
        ...{ kind, process, for: length, ways: chance.pick(['up', 'down', 'both'] as const) },
        connection: chance.happens(0.6) ? undefined : chance.random(),
      };
    case 'break':
      return { kind, process, connection: chance.random() };
    case 'slow':
      return { kind, process, by: chance.wait(chance.pick([100, 1_000, 3_000])), for: length * 2 };
    case 'lossy':
      return { kind, process, share: chance.pick([0.1, 0.3, 0.7]), for: length * 2 };
    case 'broker':
      return {
        ...{ kind, store: chance.pick(['kept', 'kept', 'lost', 'old'] as const) },
        ...{ isSilent: chance.happens(0.4), for: chance.wait(3_000) },
      };
    case 'stall':
      return { kind, for: chance.wait(2_000) };
  }
}

const FAULTS = [
  ...([
    'crash',
    'crash',
    'stop',
    'freeze',
    'freeze',
    'suspend',
    'jump',
    'cut',
    'cut',
    'cut',
    'break',
  ] as const),
  ...(['break', 'slow', 'lossy', 'broker', 'stall'] as const),
];

function jump(chance: Chance): number {
  return chance.pick([-1, 1]) * chance.wait(chance.pick([300, 3_000, HOUR]));
}

function makeDeed(chance: Chance, shape: Shape): Deed {
  const process = chance.integer(0, shape.processes.length - 1);
  const [device] = chance.happens(0.12) ? [chance.pick(shape.devices)] : [];
  if (device !== undefined) return deviceDeed(chance, shape, device);
  const claim = chance.random();
  const lot = chance.random();
  if (lot < 0.55) return { kind: 'claim', process, ...makeClaim(chance, shape) };
  if (lot < 0.82) return { kind: 'release', process, claim };
  if (lot < 0.94) return { kind: 'update', process, claim, change: makeChange(chance) };
  if (lot < 0.97 || !shape.isForced) return { kind: 'keep', process, claim, isKept: chance.happens(0.5) };
  return { kind: 'force', process, resource: chance.pick(shape.resources) };
}

function deviceDeed(chance: Chance, { resources }: Shape, device: string): Deed {
  const name = chance.pick(resources);
  if (chance.happens(0.4)) return { kind: 'device', device, name };
  const { message } = makeClaim(chance, { resources: [name] });
  const { locker: _, resources: __, ...rest } = message;
  return { kind: 'device', device, name, message: { ...rest, id: `press ${chance.integer(0, 1e9)}` } };
}

function makeClaim(chance: Chance, { resources }: Pick<Shape, 'resources'>) {
  const several = chance.happens(0.15) ? resources.filter(() => chance.happens(0.5)) : [];
  const message: ClaimMessage = {
    resources: several.length > 0 ? several : [chance.pick(resources)],
    locker: chance.pick(['light', 'blind', 'alarm']),
    priority: chance.pick(PRIORITIES),
    ...(chance.happens(0.4) && { once: true }),
    ...(chance.happens(0.3) && { ttl: Math.ceil(chance.wait(20_000)) }),
    ...(chance.happens(0.2) && { timeout: Math.floor(chance.wait(3_000)) }),
    ...(chance.happens(0.3) && { grace: chance.integer(0, 5_000) }),
    ...(chance.happens(0.1) && { preempt: false }),
    ...(chance.happens(0.4) && { value: chance.pick(['on', 'off', 40]) }),
  };
  return { message, isKept: chance.happens(0.2) };
}

function makeChange(chance: Chance): OwnChange {
  return {
    ...(chance.happens(0.6) && { priority: chance.pick(PRIORITIES) }),
    ...(chance.happens(0.4) && { value: chance.pick(['on', 'off', 70]) }),
    ...(chance.happens(0.4) && { renew: true }),
  };
}
