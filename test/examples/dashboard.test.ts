// The example with a page of the FlowFuse dashboard, pressed in a real browser as its comments tell it.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser-page';
import { ExampleHouse } from '../support/example-house';
import { NODE_RED_4, NODE_RED_5, type NodeRedRuntime } from '../support/node-red-runtimes';

const HOUR_MS = 3_600_000;
const LAMP = 'zigbee2mqtt/kitchen/set';
const LIGHT = 'kitchen light';

describe('the example dashboard', () => {
  for (const runtime of [NODE_RED_4, NODE_RED_5]) {
    it(`shows, holds and frees locks in a browser, on Node-RED ${runtime.version}`, async () => {
      await withPage(runtime, async (house, page) => {
        await page.getByText('Nobody has asked for anything yet').waitFor();
        await freesWhatMotionHas(house, page);
        await holdsByHand(house, page);
        await leavesAloneWhatWasTakenMeanwhile(house, page);
        await freesTheAlarmOnAPhone(house, page);
      });
    });
  }
});

async function freesWhatMotionHas(house: ExampleHouse, page: Page): Promise<void> {
  await house.press('motion');
  await house.sees(LAMP, { state: 'ON' });
  await shows(page, 'motion sensor (motion)');
  await press(page, 'Free');
  await confirm(page);
  // Its own flow is told, and switches off.
  await house.sees(LAMP, { state: 'OFF' });
  await shows(page, 'free');
}

async function holdsByHand(house: ExampleHouse, page: Page): Promise<void> {
  await house.press('motion');
  await shows(page, 'motion sensor (motion)');
  await press(page, 'Hold 1 h');
  const { level, remaining = 0 } = await house.held(LIGHT, 'dashboard');
  assert.equal(level, 'manual');
  assert.ok(remaining > 0.9 * HOUR_MS && remaining <= HOUR_MS, `${remaining} ms`);
  await shows(page, 'dashboard (manual)');
  await shows(page, 'waiting: motion sensor');
  await press(page, 'Let go');
  await shows(page, 'motion sensor (motion)');
}

async function leavesAloneWhatWasTakenMeanwhile(house: ExampleHouse, page: Page): Promise<void> {
  await press(page, 'Free');
  await house.press('alarm');
  await shows(page, 'alarm (security)');
  await confirm(page);
  await page.getByText('Somebody else has it by now.').waitFor();
  await shows(page, 'alarm (security)');
}

/** What the page shows of the locks it knows again after it was loaded anew. */
async function freesTheAlarmOnAPhone(house: ExampleHouse, page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 800 });
  await page.reload();
  await shows(page, 'alarm (security)');
  await press(page, 'Free');
  await confirm(page);
  await house.held('hall light', undefined);
  await shows(page, 'motion sensor (motion)');
}

function row(page: Page): Locator {
  return page.locator('.lock', { hasText: LIGHT });
}

async function shows(page: Page, text: string): Promise<void> {
  await row(page).getByText(text, { exact: true }).waitFor();
}

async function press(page: Page, name: string): Promise<void> {
  await row(page).getByRole('button', { name, exact: true }).click();
}

async function confirm(page: Page): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name: 'Free', exact: true }).click();
}

/** The page of the example in a Node-RED and a browser of their own; nothing in it may go wrong. */
async function withPage(
  runtime: NodeRedRuntime,
  play: (house: ExampleHouse, page: Page) => Promise<void>,
): Promise<void> {
  const house = await ExampleHouse.open(runtime, 'dashboard');
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${house.url}/dashboard/locks`);
    await play(house, page);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    await house.end();
  }
}
