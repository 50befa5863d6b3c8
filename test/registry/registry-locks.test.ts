import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { LOCK_AQUIRE_ABORTED } from '../../src/library';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry } from '../../src/registry/registry';
import type { ClosingNode, RegistryLocks } from '../../src/registry/registry-locks';
import { registryLocks } from '../../src/registry/registry-locks';
import { HandClock, promisesSettled } from '../support/hand-clock';

class CodeNode extends EventEmitter implements ClosingNode {
  readonly id = 'function node';
}

describe('the locks of a registry for code', () => {
  let registry: Registry;
  let locks: RegistryLocks;
  let node: CodeNode;
  const clock = new HandClock();

  beforeEach(async () => {
    registry = openRegistry({ broker: { kind: 'none' }, requester: 'house' }, { clock });
    await registry.ready;
    locks = registryLocks(registry);
    node = new CodeNode();
  });

  afterEach(() => closeAllRegistries());

  it('are those of the nodes', async () => {
    const lock = await locks.acquire('lights', 'code', { priority: 5, value: 'on', ttl: 60_000 });
    const { holder, value, priority } = registry.state('lights');
    assert.deepEqual([holder, value, priority], ['code', 'on', 5]);
    const motion = registry
      .owner('node')
      .claim('k', { resource: 'lights', locker: 'motion', priority: 'motion' });
    assert.equal(motion.state, 'held');
    assert.equal(lock.isHeld(), false);
    assert.equal(lock.signal.aborted, true);
  });

  it('wait for nodes, and are seen with them', async () => {
    const motion = registry.owner('node').claim('k', { resource: 'lights', locker: 'motion' });
    const seen: string[] = [];
    const stop = locks.watch('lights', ({ holder }) => seen.push(String(holder)));
    const waiting = locks.acquire('lights', 'code');
    await promisesSettled();
    const [state] = await locks.query();
    assert.deepEqual([state?.holder, state?.waiting], ['motion', [{ locker: 'code', priority: 0 }]]);
    motion.release();
    const lock = await waiting;
    await lock.release();
    await promisesSettled();
    stop();
    assert.deepEqual([...new Set(seen)], ['motion', 'code', 'undefined']);
  });

  it('are the same for whoever asks for them', async () => {
    const others = registryLocks(registry);
    const lock = await locks.acquire('lights', 'one');
    const waiting = others.acquire('lights', 'two');
    await promisesSettled();
    await lock.release();
    assert.equal((await waiting).isHeld(), true);
  });

  it('end with the node that acquired them', async () => {
    const lock = await locks.acquire('lights', 'code', { node });
    const other = await locks.acquire('fan', 'code');
    assert.equal(node.listenerCount('close'), 1);
    const passing = await locks.acquire('door', 'code', { node });
    await passing.release();
    assert.equal(node.listenerCount('close'), 1);
    node.emit('close');
    assert.equal(lock.isHeld(), false);
    assert.equal(other.isHeld(), true);
    assert.equal(registry.state('lights').state, 'free');
  });

  it('are waited for no longer when the node closes', async () => {
    registry.owner('node').claim('k', { resource: 'lights', locker: 'motion' });
    const waiting = locks.acquire('lights', 'code', { node });
    node.emit('close');
    await assert.rejects(waiting, { code: LOCK_AQUIRE_ABORTED });
    assert.equal(registry.state('lights').waitingCount, 0);
  });

  it('are given back when the node closes just as they come', async () => {
    const coming = locks.acquire('lights', 'code', { node });
    node.emit('close');
    const lock = await coming;
    assert.equal(lock.isHeld(), false);
    assert.equal(registry.state('lights').state, 'free');
  });

  it('are waited for no longer when the code says so', async () => {
    registry.owner('node').claim('k', { resource: 'lights', locker: 'motion' });
    const enough = new AbortController();
    const waiting = locks.acquire('lights', 'code', { node, signal: enough.signal });
    enough.abort();
    await assert.rejects(waiting, { code: LOCK_AQUIRE_ABORTED });
  });

  it('are denied where a rule of the registry forbids it', async () => {
    openRegistry(
      {
        broker: { kind: 'none' },
        requester: 'house',
        policy: [{ requester: '#', resource: 'vault', allowed: false }],
      },
      { clock },
    );
    await assert.rejects(locks.acquire('vault', 'code'), /may not claim this/);
    await assert.rejects(locks.acquire('lights', 'code', { grace: 60_000 }), /grace is 60000 ms, over 5000/);
  });

  it('tell of a hold that was ended by force', async () => {
    const lock = await locks.acquire('lights', 'code');
    await registry.force('lights', lock.token, 'admin');
    assert.match(String(lock.signal.reason), /admin/);
  });
});
