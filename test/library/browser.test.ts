// The bundle for browsers, in a real one, from a plain page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import * as library from '../../src/library';
import { REPOSITORY } from '../support/repository';

const PAGE = `<!doctype html>
<title>locks</title>
<script type="module">
  import createAcquire, * as names from './priority-redlock.mjs';
  window.locks = { createAcquire, ...names };
  document.title = 'ready';
</script>`;

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

describe('the bundle for browsers', function () {
  this.timeout(60_000);

  let server: Server;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    server = await serve();
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('document.title === "ready"');
  });

  after(async () => {
    await browser?.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('has the names of the other entries', async () => {
    const names = await page.evaluate('Object.keys(window.locks).sort()');
    assert.deepEqual(names, [...Object.keys(library), 'default'].sort());
  });

  it('locks, preempts, tells why, and keeps leases', async () => {
    const told = await page.evaluate(async () => {
      const { createAcquire, LockError } = (window as unknown as { locks: typeof library }).locks;
      const acquire = createAcquire();
      const saver = await acquire('lights', 'save energy');
      const motion = await acquire('lights', 'motion', { priority: 100, ttl: 20, value: { on: true } });
      const why = saver.signal.reason;
      const lost = { held: saver.isHeld(), isError: why instanceof LockError, message: why.message };
      const next = await acquire('lights', 'next', { timeout: 5_000 });
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
    assert.deepEqual(complaints, []);
  });
});

/** A page and the built bundle, and nothing else. */
async function serve(): Promise<Server> {
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '/': ['text/html', PAGE],
    '/favicon.ico': ['image/png', ''],
    '/priority-redlock.mjs': ['text/javascript', readFileSync(join(REPOSITORY, 'dist/browser.mjs'), 'utf8')],
  };
  const server = createServer(({ url = '' }, response) => {
    const [type, text] = files[url] ?? ['text/plain', undefined];
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': type }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
