// A page in a real browser that loads one built bundle as a module, and nothing else.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { REPOSITORY } from './repository';

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Nothing may be compiled in the page from texts. */
const POLICY = "script-src 'self' 'unsafe-inline'";

export interface BundlePage {
  readonly page: Page;
  /** What the browser found wrong with the page. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Debian's Chromium, which asks nobody outside for anything. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
}

/** Resolves when `script`, a module that may import from `./bundle.mjs`, has run. `bundle` is a file in `dist`. */
export async function openBundlePage(bundle: string, script: string): Promise<BundlePage> {
  const server = await serve(bundle, script);
  const browser = await launchBrowser();
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(request.url()));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  // For an element, which needs nothing compiled in the page; the test that waits has the limit.
  await page.waitForSelector('#ready', { state: 'attached', timeout: 0 });
  const close = async () => {
    await browser.close();
    await new Promise((resolve) => server.close(resolve));
  };
  return { page, complaints, close };
}

async function serve(bundle: string, script: string): Promise<Server> {
  const text = `<!doctype html><title>locks</title><script type="module">${script}
  document.body.append(Object.assign(document.createElement('p'), { id: 'ready' }));</script>`;
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '/': ['text/html', text],
    '/favicon.ico': ['image/png', ''],
    '/bundle.mjs': ['text/javascript', readFileSync(join(REPOSITORY, 'dist', bundle), 'utf8')],
  };
  const server = createServer(({ url = '' }, response) => {
    const [type, content] = files[url] ?? ['text/plain', undefined];
    const headers = { 'content-type': type, 'content-security-policy': POLICY };
    response.writeHead(content === undefined ? 404 : 200, headers).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
