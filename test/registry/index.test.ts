import assert from 'node:assert/strict';
import { registry } from '../../src/registry';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';

describe('the registry for Function nodes', () => {
  afterEach(() => closeAllRegistries());

  it('is found by the name of its lock-registry node, or because it is the only one', async () => {
    const house = openRegistry({
      broker: { kind: 'none' },
      prefix: 'house',
      requester: 'here',
      name: 'house',
    });
    await house.ready;
    const lock = await registry('house').acquire('lights', 'code');
    assert.equal(house.state('lights').holder, 'code');
    await assert.rejects(registry().acquire('lights', 'other', { timeout: 0 }), /by code/);
    await lock.release();
  });

  it('says so when there is none, or none of this name', () => {
    assert.throws(() => registry(), /no lock-registry is running/);
    assert.throws(() => registry('house'), /no lock-registry is called "house"/);
  });
});
