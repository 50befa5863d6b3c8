// What must be so when everything has been well for long enough: everybody sees the same, who can have something has it,
// and in the end nothing is left.
import type { ResourceState } from '../../src/mqtt/messages';
import { encodeLevel, encodeName } from '../../src/mqtt/names';
import type { Judge } from './judge';
import type { NodeClaim } from './life';
import { PREFIX, type World } from './world';

/** Everything that is wrong in a quiet world, in words; nothing when it is well. */
export function findFaults(world: World, judge: Judge): readonly string[] {
  const states = readStates(world);
  const claims = world.lives.flatMap((life) => life.alive());
  return [
    ...deciders(world),
    ...claims.flatMap((claim) => wrongWith(claim, states)),
    ...[...states.values()].flatMap((state) => strangersIn(state, world)),
    ...pictures(world, states),
    ...keptOnes(world),
    ...deviceAnswers(world, states),
    ...[...states.keys()].flatMap((resource) => heldTwice(resource, judge)),
  ];
}

/** What is retained that should not be, after everybody has let go. */
export function findGarbage(world: World, allowed: RegExp): readonly string[] {
  const left = [...world.broker.retained.keys()].filter((topic) => !allowed.test(topic));
  return left.map((topic) => `${topic} is left: ${world.broker.retained.get(topic)?.slice(0, 120)}`);
}

function readStates({ broker }: World): ReadonlyMap<string, ResourceState> {
  const states = new Map<string, ResourceState>();
  for (const [topic, payload] of broker.retained) {
    if (!topic.startsWith(`${PREFIX}/state/`)) continue;
    const state: ResourceState = JSON.parse(payload);
    states.set(state.resource, state);
  }
  return states;
}

function deciders({ lives }: World): readonly string[] {
  const deciding = lives.filter(({ runtime }) => runtime.isDeciding);
  const canDecide = lives.some(({ process }) => process.decide !== 'never');
  if (deciding.length === (canDecide ? 1 : 0)) return [];
  return [
    `${deciding.length} decide: ${lives.map(({ process, runtime }) => `${process.requester} ${runtime.status}`)}`,
  ];
}

function wrongWith(claim: NodeClaim, states: ReadonlyMap<string, ResourceState>): readonly string[] {
  const name = `${claim.life.process.requester} ${claim.id}`;
  if (claim.isHeld()) {
    return claim.resources
      .filter((resource) => !states.get(resource)?.claims.some(({ id }) => id === claim.id))
      .map((resource) => `${name} believes in ${resource}, the state does not`);
  }
  const free = claim.resources.every((resource) => canHave(claim, states.get(resource)));
  if (free && !claim.life.isStopping) return [`${name} could be granted, and is ${claim.claim?.phase}`];
  return [];
}

function canHave(claim: NodeClaim, state: ResourceState | undefined): boolean {
  if (state === undefined || state.state === 'free') return true;
  const isOwn = `${state.requester}/${state.holder}` === claim.identity;
  if (isOwn) return state.state === 'held';
  const priority = Number(claim.claim?.message.priority ?? claim.message.priority ?? 0);
  return claim.message.preempt !== false && (state.priority ?? 0) < priority;
}

/** Whoever is in a state must know of it. */
function strangersIn({ claims, resource }: ResourceState, { lives }: World): readonly string[] {
  return claims.flatMap(({ id, requester }) => {
    const life = lives.find(({ process }) => process.requester === requester);
    if (life === undefined) return [];
    const claim = life.claims.get(id);
    if (claim === undefined) return [`${resource} is held by ${id}, of which ${requester} knows nothing`];
    return claim.isHeld() ? [] : [`${resource} is held by ${id}, in which ${requester} does not believe`];
  });
}

function pictures({ lives }: World, states: ReadonlyMap<string, ResourceState>): readonly string[] {
  return lives.flatMap(({ runtime, process }) => {
    const seen = new Map([...runtime.states()].map((state) => [state.resource, state]));
    const names = new Set([...seen.keys(), ...states.keys()]);
    return [...names]
      .filter((name) => essence(seen.get(name)) !== essence(states.get(name)))
      .map(
        (name) =>
          `${process.requester} sees ${name} as ${essence(seen.get(name))}, not ${essence(states.get(name))}`,
      );
  });
}

function essence(state: ResourceState | undefined): string {
  if (state === undefined || state.state === 'free') return 'free';
  const { claims, token, waitingCount } = state;
  return `${state.state} by ${claims.map(({ id }) => id)} with ${token}, ${waitingCount} waiting`;
}

/** What stands retained of a process's claims are those that it has and keeps. */
function keptOnes({ lives, broker }: World): readonly string[] {
  return lives.flatMap((life) => {
    const { requester } = life.process;
    const prefix = `${PREFIX}/claim/${encodeLevel(requester)}/`;
    const retained = [...broker.retained].filter(([topic]) => topic.startsWith(prefix));
    const ids = new Set(retained.map(([, payload]) => String(JSON.parse(payload).id)));
    const kept = life.alive().filter(({ isKept }) => isKept);
    const keptIds = new Set(kept.map(({ id }) => id));
    return [
      ...kept
        .filter(({ id }) => !ids.has(id))
        .map(({ id }) => `${requester} keeps ${id}, which is not retained`),
      ...[...ids]
        .filter((id) => !keptIds.has(id))
        .map((id) => `${id} is retained, ${requester} does not keep it`),
    ];
  });
}

function deviceAnswers(
  { wishes, broker }: World,
  states: ReadonlyMap<string, ResourceState>,
): readonly string[] {
  return [...wishes].flatMap(([topic, payload]) => {
    const wish = JSON.parse(payload);
    const [, , device = '', ...rest] = topic.split('/');
    const resource = rest.join('/');
    const text = broker.retained.get(`${PREFIX}/answer/${device}/${encodeName(resource)}`);
    if (text === undefined) return [`the claim on ${topic} has no answer`];
    const answer = JSON.parse(text);
    if (answer.id !== wish.id) return [`the answer to ${topic} is for ${answer.id}, not ${wish.id}`];
    const holds = states
      .get(resource)
      ?.claims.some(({ requester, name }) => requester === device && name === resource);
    const isTold = answer.result === 'granted' || answer.result === 'revoking';
    return isTold === (holds ?? false)
      ? []
      : [`${topic} is told ${answer.result}, and ${holds ? 'has' : 'lacks'} it`];
  });
}

function heldTwice(resource: string, judge: Judge): readonly string[] {
  const holding = judge.believers(resource).filter((claim) => claim.isHeld());
  const identities = new Set(holding.map(({ identity }) => identity));
  return identities.size > 1 ? [`${resource} is held by ${[...identities].join(' and ')}`] : [];
}
