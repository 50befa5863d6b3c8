// What a simulated process really runs: a member of the house, as the product has it.
import { makeDefaults } from '../../src/mqtt/defaults';
import { makeLevels } from '../../src/mqtt/levels';
import { Member } from '../../src/mqtt/member';
import { makePolicy } from '../../src/mqtt/policy';
import type { Runtime, RuntimeParts } from './runtime';

/** Free resources are shown for so long, in ms. */
export const FREE_STATE = 5_000;

export function makeMember(parts: RuntimeParts): Runtime {
  const { process, shape, instance, after, memory, machine: clock, random, log, hearer, connect } = parts;
  const levels = makeLevels();
  const rules = { levels, policy: makePolicy([], levels), defaults: makeDefaults([]), plainText: false };
  const before = () => (after === undefined ? {} : { instance: after });
  const timing = { freeState: FREE_STATE, handoverTimeout: shape.handoverTimeout };
  const member = new Member({
    settings: { requester: process.requester, instance, before, memory, clock, log, rules, timing },
    ...{ hearer, random, decide: process.decide, access: { connect } },
  });
  return {
    ready: member.ready,
    get validUntil() {
      return member.authority.validUntil;
    },
    get isDeciding() {
      return member.role() === 'arbiter';
    },
    get status() {
      const { role, epoch, arbiter, participant } = member.status;
      const reason = arbiter?.reason ?? participant?.reason;
      return `${role} in term ${epoch} (${arbiter?.phase ?? participant?.phase}${reason ? `: ${reason}` : ''})`;
    },
    start: () => member.start(),
    stop: () => member.stop(),
    claim: (ask) => member.authority.claim(ask),
    update: (claim, change) => member.authority.update(claim, change),
    yield: (claim) => member.authority.yield(claim),
    release: (claim) => member.authority.release(claim),
    keep: (claim, isKept) => member.authority.keep(claim, isKept),
    force: (resource, token, by) => member.authority.force(resource, token, by),
    states: () => member.authority.states(),
  };
}
