import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { Editor } from '../support/editor';
import { Hand } from '../support/editor-hand';
import { freePort } from '../support/mqtt-mosquitto';

const RESOURCE = 'kitchen light';

describe('a flow that is built by hand', function () {
  this.timeout(120_000);
  let editor: Editor;
  let hand: Hand;
  let nodes: Readonly<Record<Part, string>>;

  before(async () => {
    editor = await Editor.open([]);
    hand = new Hand(editor);
  });

  after(() => editor?.close());

  it('begins with nodes dragged from the palette into an empty editor', async () => {
    assert.deepEqual(await editor.nodes(), []);
    nodes = {
      motionSeen: await hand.drop('inject', 440, 200),
      motion: await hand.drop('acquire', 720, 200),
      alarmRings: await hand.drop('inject', 440, 320),
      alarm: await hand.drop('acquire', 720, 320),
      allClear: await hand.drop('inject', 440, 440),
      release: await hand.drop('release', 720, 440),
      status: await hand.drop('lock-status', 440, 560),
      debug: await hand.drop('debug', 720, 560),
    };
    const [registry, ...others] = await editor.nodes('eachConfig');
    assert.deepEqual([registry?.type, others.length], ['lock-registry', 0]);
  });

  it('goes on with the dialogs', async () => {
    const { page } = editor;
    await describeClaim(nodes.motion, 'Motion', 'motion (100)');
    await describeClaim(nodes.alarm, 'Alarm', 'security (900)');
    await hand.open(nodes.release);
    await page.locator('#node-input-nodes-list').getByText('Motion', { exact: true }).click();
    await editor.save();
    await hand.open(nodes.status);
    await typedField('#node-input-resource').click();
    await page.keyboard.type(RESOURCE);
    await editor.save();
    const wrong = (await editor.nodes()).filter(({ valid }) => valid === false);
    assert.deepEqual(wrong, []);
    assert.deepEqual((await editor.node(nodes.release)).nodes, [nodes.motion]);
  });

  it('has its broker changed in the dialog of the registry that came by itself', async () => {
    const { page } = editor;
    await hand.open(nodes.motion);
    await page.locator('.redlock-more summary').click();
    await page.click('#node-input-btn-registry-edit');
    await editor.opened();
    await page.locator('#node-config-input-port').click({ clickCount: 3 });
    await page.keyboard.type(String(await freePort()));
    await page.click('#node-config-dialog-ok');
    await editor.opened();
    await editor.save();
  });

  it('is wired, and deployed', async () => {
    await hand.wire(nodes.motionSeen, 0, nodes.motion);
    await hand.wire(nodes.alarmRings, 0, nodes.alarm);
    await hand.wire(nodes.allClear, 0, nodes.release);
    await hand.wire(nodes.status, 0, nodes.debug);
    await editor.deploy();
    await hand.reads(nodes.motion, 'idle');
    await hand.reads(nodes.alarm, 'idle');
    await hand.reads(nodes.status, 'free');
  });

  it('takes the light when its button is pressed, which the sidebar shows', async () => {
    await hand.view('Locks');
    await editor.page.locator('.redlock-standing').getByText('this Node-RED decides').waitFor();
    await hand.press(nodes.motionSeen);
    await hand.reads(nodes.motion, 'mine');
    await holder().getByText('Motion', { exact: true }).waitFor();
    await holder().getByText('motion', { exact: true }).waitFor();
    await hand.reads(nodes.status, 'Motion');
    await editor.page.locator('.red-ui-debug-msg').getByText('Motion').first().waitFor({ state: 'attached' });
  });

  it('hands it to the stronger one', async () => {
    await hand.press(nodes.alarmRings);
    await hand.reads(nodes.alarm, 'mine');
    await hand.reads(nodes.motion, 'Alarm has it');
    await holder().getByText('Alarm', { exact: true }).waitFor();
    await row().locator('.redlock-waiter').getByText('Motion', { exact: true }).waitFor();
  });

  it('gives it back when the sidebar ends the stronger hold, after a question', async () => {
    await row()
      .getByRole('button', { name: `Free ${RESOURCE}` })
      .click();
    await row().getByText(`End the hold of "Alarm" on "${RESOURCE}"`).waitFor();
    await row().getByRole('button', { name: 'Free', exact: true }).click();
    await hand.reads(nodes.motion, 'mine');
    await hand.reads(nodes.alarm, 'freed by editor');
    await holder().getByText('Motion', { exact: true }).waitFor();
    assert.equal(await row().locator('.redlock-waiter').count(), 0);
  });

  it('lets go at last', async () => {
    await hand.press(nodes.allClear);
    await hand.reads(nodes.motion, 'idle');
    await hand.reads(nodes.release, 'released');
    await row().getByText("nobody's").waitFor();
    assert.deepEqual(editor.complaints, []);
  });

  /** Fills the dialog of an acquire node. */
  async function describeClaim(id: string, name: string, level: string): Promise<void> {
    const { page } = editor;
    await hand.open(id);
    await page.click('#node-input-name');
    await page.keyboard.type(name);
    await page.locator('#node-input-resources-list input.red-ui-typedInput-input').click();
    await page.keyboard.type(RESOURCE);
    await page.keyboard.press('Tab');
    await page
      .locator('#node-input-level ~ .red-ui-typedInput-container .red-ui-typedInput-option-trigger')
      .click();
    await page.locator('.red-ui-typedInput-options:visible').getByText(level, { exact: true }).click();
    await editor.save();
  }

  function typedField(field: string): Locator {
    return editor.page.locator(`${field} ~ .red-ui-typedInput-container input.red-ui-typedInput-input`);
  }

  function row(): Locator {
    return editor.page.locator(`.redlock-row[data-resource="${RESOURCE}"]`);
  }

  function holder(): Locator {
    return row().locator('.redlock-line:not(.redlock-waiter)');
  }
});

type Part = 'motionSeen' | 'motion' | 'alarmRings' | 'alarm' | 'allClear' | 'release' | 'status' | 'debug';
