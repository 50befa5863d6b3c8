// The comparison of random histories can fail: a model with any one rule broken is told from the whole one.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareTables } from '../support/core-compare';
import { isBroken } from '../support/core-fast-check';
import { history, play } from '../support/core-histories';
import { checkInsulation, STRICT } from '../support/core-insulation';
import type { ModelClaim } from '../support/core-model-claim';
import { Invariants } from '../support/table-invariants';
import { TableModel } from '../support/table-model';

class IgnoresReentrance extends TableModel {
  protected override canHaveNow(claim: ModelClaim, name: string): boolean {
    return super.canHaveNow(claim, name) && this.holders(name)[0]?.locker !== claim.locker;
  }
}

class TakesTheFirstPriority extends TableModel {
  protected override effectivePriority(name: string): number {
    return this.holders(name)[0]?.priority ?? Number.NEGATIVE_INFINITY;
  }
}

class PreemptsEquals extends TableModel {
  protected override outranks(claim: ModelClaim, name: string): boolean {
    return claim.preempt && claim.priority >= this.effectivePriority(name);
  }
}

class KnowsNoGrace extends TableModel {
  protected override hasToWaitFor(): boolean {
    return false;
  }
}

class RevokesByOneClaim extends TableModel {
  protected override isRevoking(name: string): boolean {
    return this.holders(name).some((claim) => claim.revocation);
  }
}

class ReentersWhileRevoking extends TableModel {
  protected override canHaveNow(claim: ModelClaim, name: string): boolean {
    return super.canHaveNow(claim, name) || this.holders(name)[0]?.locker === claim.locker;
  }
}

class RanksByArrival extends TableModel {
  protected override waitersByRank(): ModelClaim[] {
    return super.waitersByRank().sort((a, b) => a.order - b.order);
  }
}

class RanksTheYoungestFirst extends TableModel {
  protected override waitersByRank(): ModelClaim[] {
    return super.waitersByRank().sort((a, b) => b.priority - a.priority || b.order - a.order);
  }
}

class KnowsNoPoliteness extends TableModel {
  protected override outranks(claim: ModelClaim, name: string): boolean {
    return claim.priority > this.effectivePriority(name);
  }
}

class ReservesNothing extends TableModel {
  protected override reserves(): boolean {
    return false;
  }
}

class SeesNoCircles extends TableModel {
  protected override victim(): undefined {
    return undefined;
  }
}

class DeniesTheOldest extends TableModel {
  protected override victim(): ModelClaim | undefined {
    const youngest = super.victim();
    const other = youngest && this.live.find((claim) => !claim.hold && claim.holding.length > 0);
    return other ?? youngest;
  }
}

class LetsTheLowestStay extends TableModel {
  protected override outranks(claim: ModelClaim, name: string): boolean {
    return super.outranks(claim, name) && this.effectivePriority(name) >= 0;
  }
}

const broken: readonly (readonly [string, new () => TableModel])[] = [
  ['rule 1, no re-entrance', IgnoresReentrance],
  ['rule 1, the priority of the first claim for that of the hold', TakesTheFirstPriority],
  ['rule 2, equals preempt', PreemptsEquals],
  ['rule 2, no grace', KnowsNoGrace],
  ['rule 2, revoking with one of its claims', RevokesByOneClaim],
  ['rule 2, re-entrance while revoking', ReentersWhileRevoking],
  ['rule 3, rank by arrival', RanksByArrival],
  ['rule 3, the youngest first', RanksTheYoungestFirst],
  ['rule 5, no politeness', KnowsNoPoliteness],
  ['rule 8, no reservation', ReservesNothing],
  ['rule 9, no circles', SeesNoCircles],
  ['rule 9, another one of them denied', DeniesTheOldest],
];

/** Those of which the invariants alone must tell. */
const unlawful: readonly (new () => TableModel)[] = [
  IgnoresReentrance,
  PreemptsEquals,
  KnowsNoGrace,
  RevokesByOneClaim,
  ReentersWhileRevoking,
  RanksByArrival,
  KnowsNoPoliteness,
  ReservesNothing,
];

describe('models with one rule broken', function () {
  this.timeout(120_000);

  it('finds nothing wrong with the whole model', () => {
    assert.equal(isBroken(comparison(TableModel), 200), false);
    assert.equal(isBroken(invariants(TableModel), 200), false);
    assert.equal(isBroken(insulation(TableModel), 200), false);
  });

  for (const [title, Model] of broken) {
    it(`are told from the whole one: ${title}`, () => {
      assert.equal(isBroken(comparison(Model)), true);
    });
  }

  for (const Model of unlawful) {
    it(`break an invariant: ${Model.name}`, () => {
      assert.equal(isBroken(invariants(Model)), true);
    });
  }

  it('let a lower claim change the fate of a higher one', () => {
    assert.equal(isBroken(insulation(LetsTheLowestStay)), true);
  });
});

function comparison(Model: new () => TableModel) {
  return fc.property(history(40), (steps) => compareTables(steps, new Model(), new TableModel()));
}

function invariants(Model: new () => TableModel) {
  return fc.property(history(40), (steps) => {
    const table = new Model();
    const watch = new Invariants(table);
    for (const { command, now, events } of play(table, steps)) watch.check(command, now, events);
  });
}

function insulation(Model: new () => TableModel) {
  return fc.property(history(40, STRICT), fc.integer({ min: 0, max: 2 }), (steps, level) =>
    checkInsulation(steps, level, () => new Model()),
  );
}
