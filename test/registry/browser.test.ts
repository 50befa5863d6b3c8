// The library over MQTT in a real browser, from a plain page, over the websockets of a real Mosquitto.
import assert from 'node:assert/strict';
import { type ConnectedLocks, connectLocks } from '../../src/registry/connect-locks';
import { type BundlePage, openBundlePage } from '../support/browser-page';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { stateBecame } from '../support/watch-locks';

/** What the page keeps between two looks at it. */
interface PageWindow {
  readonly connectLocks: typeof connectLocks;
  locks: ConnectedLocks;
  lock: Awaited<ReturnType<ConnectedLocks['acquire']>>;
}

describe('the library over MQTT in a browser', function () {
  this.timeout(120_000);
  let mosquitto: Mosquitto;
  let house: ConnectedLocks;
  let bundle: BundlePage;

  before(async () => {
    const port = await freePort();
    mosquitto = await startMosquitto({ listener: [`listener ${port} 127.0.0.1`, 'protocol websockets'] });
    house = await connectLocks({ url: mosquitto.url, requester: 'house', decide: 'alone' });
    bundle = await openBundlePage(
      'mqtt-browser.mjs',
      `import { connectLocks } from './bundle.mjs';
       window.locks = await connectLocks({ url: 'ws://127.0.0.1:${port}', requester: 'page' });
       window.connectLocks = connectLocks;`,
    );
  });

  after(async () => {
    await bundle?.close();
    await house?.close();
    await mosquitto.stop();
  });

  it('takes part where a Node program decides', async () => {
    const told = await bundle.page.evaluate(() => {
      const { locks } = window as unknown as PageWindow;
      return [locks.requester, locks.role(), locks.epoch(), locks.priorityOf('manual')];
    });
    assert.deepEqual(told, ['page', 'participant', 1, 500]);
  });

  it('loses a lock to a higher priority in Node, and is told by whom', async () => {
    await bundle.page.evaluate(async () => {
      const here = window as unknown as PageWindow;
      here.lock = await here.locks.acquire('lights', 'visitor', { priority: 1, value: 'on', ttl: 60_000 });
      if (!here.lock.isHeld()) throw new Error('not held');
    });
    const state = (await house.query()).find(({ resource }) => resource === 'lights');
    assert.deepEqual([state?.holder, state?.value], ['visitor', 'on']);
    const alarm = await house.acquire('lights', 'alarm', { priority: 100 });
    const why = await bundle.page.evaluate(async () => {
      const { lock } = window as unknown as PageWindow;
      const reason = await new Promise((resolve) => lock.onRelease(resolve));
      return [lock.isHeld(), String(reason)];
    });
    assert.deepEqual(why, [
      false,
      'Lock Error: Lock Stolen by Higher Priority (lights): by alarm, priority 100',
    ]);
    await alarm.release();
  });

  it('takes a lock from Node by its priority, and gives it back', async () => {
    const saver = await house.acquire('lights', 'save energy');
    await bundle.page.evaluate(async () => {
      const here = window as unknown as PageWindow;
      here.lock = await here.locks.acquire('lights', 'visitor', { priority: 5 });
    });
    assert.equal(saver.isHeld(), false);
    const waiting = house.acquire('lights', 'save energy');
    await stateBecame(house, 'lights', ({ waitingCount }) => waitingCount === 1);
    await bundle.page.evaluate(() => (window as unknown as PageWindow).lock.release());
    await (await waiting).release();
  });

  it('says which option is wrong', async () => {
    const told = await bundle.page.evaluate(() =>
      (window as unknown as PageWindow).connectLocks({ url: 'house' }).catch(String),
    );
    assert.match(String(told), /^RangeError: .*"house" is not like mqtt:/);
  });

  it('gives back what it holds when it closes', async () => {
    await bundle.page.evaluate(async () => {
      const { locks } = window as unknown as PageWindow;
      await locks.acquire('lights', 'visitor');
      await locks.close();
    });
    await (await house.acquire('lights', 'me')).release();
  });

  it('finds no fault with the page', () => {
    assert.deepEqual(bundle.complaints, []);
  });
});
