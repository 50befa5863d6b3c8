import assert from 'node:assert/strict';
import { Editor } from '../support/editor';
import { acquire, TAB } from '../support/lock-flow';
import { EmbeddedScene, urlOf } from '../support/mqtt-embedded';
import { freePort } from '../support/mqtt-mosquitto';

const LEVELS = [{ id: 'level', name: 'motion', priority: 100 }];
const REGISTRY = { id: 'registry', type: 'lock-registry', broker: 'none', prefix: 'locks', levels: LEVELS };
const NODE = { z: 'tab', registry: 'registry', resourceType: 'str', x: 200, y: 300, wires: [] };
const RESOURCE = '#node-input-resources-list input.red-ui-typedInput-input';

describe('the dialogs', function () {
  this.timeout(120_000);
  let editor: Editor;
  let brokers: EmbeddedScene;

  before(async () => {
    brokers = new EmbeddedScene();
    // Without the helpers, which no Node-RED but that of the node tests knows.
    const [motion] = acquire('motion', {
      name: '',
      wires: [],
      level: 'level',
      levelType: 'level',
      x: 200,
      y: 100,
    });
    const start = { id: 'start', type: 'inject', z: 'tab', once: true, x: 100, y: 100, wires: [['hall']] };
    const [hall] = acquire('hall', { resources: [{ v: 'place', t: 'msg' }], wires: [] });
    const props = [{ p: 'place', v: 'only known at run time', vt: 'str' }];
    if (motion === undefined || hall === undefined) throw new Error('there is no acquire node');
    const status = { ...NODE, id: 'status', type: 'lock-status', resource: 'lamp' };
    const free = { ...NODE, id: 'free', type: 'release', mode: 'force', resource: 'lamp', nodes: [] };
    editor = await Editor.open([TAB, REGISTRY, motion, { ...start, props }, hall, status, free]);
  });

  after(async () => {
    await editor?.close();
    await brokers.end();
  });

  it('label nodes with their resource and level', async () => {
    const labelOf = (id: string) => editor.page.evaluate(`RED.utils.getNodeLabel(RED.nodes.node('${id}'))`);
    assert.equal(await labelOf('motion'), 'acquire lamp (motion)');
    assert.equal(await labelOf('free'), 'release lamp');
  });

  it('show levels with their numbers, and which of them wins', async () => {
    await editor.edit('motion');
    const level = editor.page.locator('#node-input-level ~ .red-ui-typedInput-container');
    assert.equal(await level.first().textContent(), 'motion (100)');
    assert.equal(await editor.page.isVisible('text=The higher number wins'), true);
    await editor.save();
  });

  it('complete what only the registry knows', async () => {
    await editor.page.waitForFunction(
      `document.querySelector('[id="hall"] .red-ui-flow-node-status-label')?.textContent === 'mine'`,
    );
    const told = editor.page.waitForResponse(/lock-registry\/registry\/resources$/);
    await editor.edit('motion');
    await (await told).finished();
    await editor.page.locator(RESOURCE).first().fill('');
    await editor.page.locator(RESOURCE).first().pressSequentially('run');
    const choices = editor.page.locator('.red-ui-autoComplete-container a');
    await choices.first().waitFor();
    assert.deepEqual(await choices.allTextContents(), ['only known at run time']);
    await choices.first().click();
    await editor.save();
  });

  it('name each field for screen readers', async () => {
    await editor.edit('motion');
    await editor.page.click('.redlock-more summary');
    assert.deepEqual(await nameless(editor), []);
    await editor.save();
    await editor.edit('status');
    assert.deepEqual(await nameless(editor), []);
    await editor.save();
    await editor.edit('free');
    assert.deepEqual(await nameless(editor), []);
    await editor.save();
    await editor.editConfig('lock-registry', 'registry');
    for (const tab of [2, 3, 4]) {
      await editor.page.click(`#redlock-tabs li:nth-child(${tab}) a`);
      if (tab > 2) await editor.page.click('.redlock-tab:visible .red-ui-editableList-addButton');
      assert.deepEqual(await nameless(editor), []);
    }
    await editor.page.click('#node-config-dialog-cancel');
    await editor.page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });

  it('try a connection before it is saved, and say what is wrong', async () => {
    const broker = await brokers.start({ users: [{ username: 'house', password: 'secret' }] });
    const { page } = editor;
    await editor.editConfig('lock-registry', 'registry');
    const answer = async () => {
      await page.click('#redlock-try');
      await page.waitForFunction(
        `document.querySelector('#redlock-tried').matches('.redlock-right, .redlock-wrong')`,
      );
      return String(await page.textContent('#redlock-tried'));
    };
    assert.equal(await page.isVisible('#redlock-try'), false);
    await page.selectOption('#node-config-input-broker', 'url');
    await page.fill('#node-config-input-url', `mqtt://127.0.0.1:${await freePort()}`);
    assert.match(await answer(), /^Not connected: .*nothing listens there/);
    await page.fill('#node-config-input-url', urlOf(broker));
    assert.equal(await page.textContent('#redlock-tried'), '');
    assert.match(await answer(), /^Not connected: .*the user name or the password is wrong/);
    await page.fill('#node-config-input-user', 'house');
    await page.fill('#node-config-input-password', 'secret');
    assert.equal(await answer(), 'Connected: the broker lets this registry in.');
    await page.click('#node-config-dialog-cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    assert.deepEqual(editor.complaints, []);
  });
});

/** Fields and buttons that can be seen in the open dialog, and of which a screen reader would not say what they are for. */
function nameless({ page }: Editor): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const isShown = (field) => field.offsetParent !== null && field.type !== 'hidden';
    const isNamed = (field) => field.ariaLabel || field.title || field.labels?.length > 0;
    const says = (field) => field.matches('button') && field.textContent.trim();
    const fields = [...document.querySelectorAll('.redlock-form :is(input, select, button)')].filter(isShown);
    return fields.filter((field) => !isNamed(field) && !says(field)).map((field) => field.id || field.className);
  })()`);
}
