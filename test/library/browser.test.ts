// The bundle for browsers, in a real one, from a plain page.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import * as library from '../../src/library';
import { type BundlePage, openBundlePage } from '../support/browser-page';

const SCRIPT = `
  import createAcquire, * as names from './bundle.mjs';
  window.locks = { createAcquire, ...names };`;

describe('the bundle for browsers', function () {
  this.timeout(120_000);

  let page: Page;
  let bundle: BundlePage;

  before(async () => {
    bundle = await openBundlePage('browser.mjs', SCRIPT);
    page = bundle.page;
  });

  after(() => bundle?.close());

  it('has the names of the other entries', async () => {
    const names = await page.evaluate('Object.keys(window.locks).sort()');
    assert.deepEqual(names, [...Object.keys(library), 'default'].sort());
  });

  it('locks, preempts, tells why, and keeps leases', async () => {
    const told = await page.evaluate(async () => {
      const { createAcquire, LockError } = (window as unknown as { locks: typeof library }).locks;
      const acquire = createAcquire();
      const saver = await acquire('lights', 'save energy');
      const motion = await acquire('lights', 'motion', { priority: 100, ttl: 2_000, value: { on: true } });
      const why = saver.signal.reason;
      const lost = { held: saver.isHeld(), isError: why instanceof LockError, message: why.message };
      const next = await acquire('lights', 'next');
      return { ...lost, motion: motion.state(), next: next.isHeld(), token: next.token > saver.token };
    });
    assert.deepEqual(told, {
      held: false,
      isError: true,
      message: 'Lock Stolen by Higher Priority (lights): by motion, priority 100',
      motion: 'Lock Timeout',
      next: true,
      token: true,
    });
  });

  it('acquires several, runs transactions, and shows what is held', async () => {
    const told = await page.evaluate(async () => {
      const { createLockers, createLocks, createMemoryProtocol } = (
        window as unknown as { locks: typeof library }
      ).locks;
      const protocol = createMemoryProtocol();
      const { acquire, acquireAll, query, watch } = createLocks(protocol);
      const newLocker = createLockers({}, protocol);
      const seen: string[] = [];
      watch('rooms/+', ({ resource, state }) => seen.push(`${resource} ${state}`));
      const both = await acquireAll([() => acquire('rooms/kitchen', 'a'), () => acquire('rooms/bath', 'a')]);
      const waiting = newLocker('rooms/bath', 'tap').promise(function* (value): Generator<
        unknown,
        string,
        string
      > {
        return `${value} ${yield Promise.resolve('runs')}`;
      });
      const [first] = await query();
      const waiters = (await query()).map(({ waitingCount }) => waitingCount);
      await both.release();
      return { result: await waiting, holder: first?.holder, waiters, seen };
    });
    assert.deepEqual(told, {
      result: 'tap runs',
      holder: 'a',
      waiters: [0, 1],
      seen: [
        'rooms/kitchen held',
        'rooms/bath held',
        'rooms/bath held',
        'rooms/kitchen free',
        'rooms/bath held',
        'rooms/bath free',
      ],
    });
  });

  it('finds no fault with the page', () => {
    assert.deepEqual(bundle.complaints, []);
  });
});
