import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { ROUTE } from '../../nodes/locks-sidebar/shown';
import { Editor } from '../support/editor';
import { acquire, type Change, lease, resources, TAB, value } from '../support/lock-flow';
import type { FlowNode } from '../support/node-red';

const LEVELS = [
  { id: 'manual', name: 'manual', priority: 500 },
  { id: 'motion', name: 'motion', priority: 100 },
];
const REGISTRY = {
  id: 'registry',
  type: 'lock-registry',
  name: 'House',
  broker: 'none',
  prefix: 'house',
  levels: LEVELS,
};
const DAY_MS = 86_400_000;
const UPSTAIRS = { id: 'upstairs', type: 'tab', label: 'Upstairs' };

/** An acquire node on the second tab, behind an inject node. */
function injected(id: string, change: Change): readonly FlowNode[] {
  const [node] = acquire(id, {
    z: 'upstairs',
    level: 'motion',
    levelType: 'level',
    ...change,
    x: 400,
    y: 80,
  });
  const inject = { id: `go ${id}`, type: 'inject', z: 'upstairs', props: [], x: 160, y: 80, wires: [[id]] };
  return [inject, { ...node, id, type: 'acquire', wires: [[], [], [], []] }];
}

describe('the sidebar in the editor', function () {
  this.timeout(120_000);

  describe('of a flow without locks', () => {
    let editor: Editor;

    before(async () => {
      editor = await Editor.open([TAB]);
      await editor.page.evaluate('RED.sidebar.show("locks")');
    });

    after(() => editor?.close());

    it('says what to do', async () => {
      const note = editor.page.locator('.redlock-note');
      await note.getByText('Put an acquire node into a flow').waitFor();
      assert.equal(await editor.page.locator('.redlock-tools').isVisible(), false);
    });

    it('shows a registry as soon as it is deployed, without a reload', async () => {
      await editor.drop('acquire', 560, 200);
      const [acquire] = await editor.nodes();
      await editor.edit(String(acquire?.id));
      await editor.page
        .locator('#node-input-resources-list input.red-ui-typedInput-input')
        .first()
        .fill('lamp');
      await editor.save();
      const [registry] = await editor.nodes('eachConfig');
      await editor.page.evaluate(`RED.nodes.node(${JSON.stringify(registry?.id)}).broker = 'none'`);
      await editor.deploy();
      await editor.page.locator('.redlock-standing').getByText('this Node-RED decides').waitFor();
      await editor.page.locator('.redlock-note').getByText('Send a message to an acquire node').waitFor();
      assert.deepEqual(editor.complaints, []);
    });
  });

  describe('of a house', () => {
    let editor: Editor;
    const row = (name: string) => editor.page.locator(`.redlock-row[data-resource="${name}"]`);
    const inject = (id: string) =>
      editor.page.evaluate(`$.post(${JSON.stringify(`inject/${encodeURIComponent(`go ${id}`)}`)})`);

    before(async () => {
      editor = await Editor.open([
        TAB,
        UPSTAIRS,
        REGISTRY,
        ...injected('motion', { ...resources('lamp'), ...value('on'), ...lease(600), name: 'Motion' }),
        ...injected('plain', { ...resources('siren'), further: 'renew', name: 'Siren <b>' }),
      ]);
      await editor.page.evaluate('RED.sidebar.show("locks")');
      await editor.page.locator('.redlock-standing').getByText('Ready').waitFor();
    });

    after(() => editor?.close());

    it('shows a resource when it is claimed, with a lease that counts down', async () => {
      await inject('motion');
      await row('lamp').getByRole('button', { name: 'Motion', exact: true }).waitFor();
      const shown = String(await row('lamp').textContent());
      for (const part of ['lamp', 'motion', 'on', 'left', 'for'])
        assert.ok(shown.includes(part), `${part} in ${shown}`);
      const left = row('lamp').locator('.redlock-left');
      const before = await secondsIn(left);
      assert.ok(before > 580 && before <= 600, `${before} s`);
      await editor.page.waitForFunction(
        (text) => document.querySelector('.redlock-left')?.textContent !== text,
        await left.textContent(),
      );
      assert.ok((await secondsIn(left)) < before);
    });

    it('shows names as they are, whatever is in them', async () => {
      await inject('plain');
      assert.equal(await row('siren').locator('.redlock-link').textContent(), 'Siren <b>');
    });

    it('goes to the node of a holder', async () => {
      assert.equal(await editor.page.evaluate('RED.workspaces.active()'), 'tab');
      await row('lamp').getByRole('button', { name: 'Motion', exact: true }).click();
      assert.equal(await editor.page.evaluate('RED.workspaces.active()'), 'upstairs');
    });

    it('finds a resource by its name and by its holder', async () => {
      const search = editor.page.getByRole('searchbox', { name: 'Search by resource' });
      for (const text of ['SIR', 'siren <']) {
        await search.fill(text);
        await row('lamp').waitFor({ state: 'detached' });
        assert.equal(await row('siren').count(), 1);
        await search.fill('');
        await row('lamp').waitFor();
      }
      await search.fill('nothing like it');
      await editor.page.getByText('Nothing here is like that').waitFor();
      await search.fill('');
    });

    it('holds for a while by hand, with the keyboard alone', async () => {
      const hold = row('lamp').getByRole('button', { name: 'Hold lamp for…' });
      await hold.focus();
      await editor.page.keyboard.press('Enter');
      await editor.page.keyboard.press('Escape');
      assert.equal(await row('lamp').locator('form').count(), 0);
      await editor.page.keyboard.press('Enter');
      await editor.page.keyboard.type('2');
      await editor.page.keyboard.press('Tab');
      await editor.page.keyboard.press('Tab');
      await editor.page.keyboard.type('{"brightness":40}');
      await editor.page.keyboard.press('Enter');
      await row('lamp').getByText('editor, by hand').waitFor();
      const shown = String(await row('lamp').textContent());
      assert.match(shown, /\{"brightness":40\}/);
      assert.match(shown, /manual/);
      assert.match(shown, /Motionmotion/);
      const seconds = await secondsIn(row('lamp').locator('.redlock-left'));
      assert.ok(seconds > 3_600 && seconds <= 7_200, `${seconds} s`);
      assert.equal(await row('lamp').locator('form').count(), 0);
    });

    it('frees after a question, and the one who waits is next', async () => {
      const free = row('lamp').getByRole('button', { name: 'Free lamp' });
      await free.click();
      await row('lamp').getByText('End the hold of "editor" on "lamp"').waitFor();
      const yes = row('lamp').locator('[data-act="yes"]');
      const colour = await yes.evaluate((button) => getComputedStyle(button).color);
      const brightness = [...colour.matchAll(/\d+/g)].slice(0, 3).map(Number);
      assert.ok(Math.min(...brightness) > 200, `${colour} on a dark red button`);
      await row('lamp').getByRole('button', { name: 'Cancel' }).click();
      assert.equal(await row('lamp').getByText('editor, by hand').count(), 1);
      await free.click();
      await row('lamp').locator('[data-act="yes"]').click();
      await row('lamp').getByText('editor, by hand').waitFor({ state: 'detached' });
      assert.match(String(await row('lamp').textContent()), /Motion/);
    });

    it('lists the last events when it is asked to', async () => {
      const details = editor.page.locator('.redlock-sidebar > details');
      await details.locator('summary').click();
      await details.getByText('editor lets go of lamp').waitFor();
      assert.match(String(await details.locator('li').first().textContent()), /Motion has lamp/);
      await details.locator('summary').click();
      assert.deepEqual(editor.complaints, []);
    });

    it('says what looks stuck, with the cure beside it', async () => {
      const { page } = editor;
      // As if the hold were three days old.
      await page.route(`**/${ROUTE}?**`, async (route) => {
        const response = await route.fetch();
        const view = await response.json();
        for (const { holder } of view.changes.rows)
          if (holder?.locker === 'Siren <b>') holder.since -= 3 * DAY_MS;
        await route.fulfill({ response, json: view });
      });
      await page.evaluate('RED.sidebar.show("info")');
      await page.locator('.redlock-sidebar').waitFor({ state: 'hidden' });
      await page.evaluate('RED.sidebar.show("locks")');
      await inject('plain');
      await page.getByRole('combobox', { name: 'What is shown' }).selectOption('stuck');
      await row('siren').getByText('Held for 3 d, without a lease').waitFor();
      assert.equal(await row('lamp').count(), 0);
      await row('siren').getByRole('button', { name: 'Free…', exact: true }).click();
      await page.keyboard.press('Enter');
      await row('siren').waitFor({ state: 'detached' });
      await page.unroute(`**/${ROUTE}?**`);
      await page.getByRole('combobox', { name: 'What is shown' }).selectOption('all');
      await row('siren').getByText("nobody's").waitFor();
    });

    it('looks well beside a narrow flow: nothing is wider than the sidebar', async () => {
      await row('lamp').getByRole('button', { name: 'Hold lamp for…' }).click();
      const over = await editor.page.evaluate(`(() => {
        const edge = document.querySelector('.redlock-sidebar').getBoundingClientRect().right + 1;
        return [...document.querySelectorAll('.redlock-sidebar *')]
          .filter((element) => element.getBoundingClientRect().right > edge)
          .map((element) => element.className);
      })()`);
      assert.deepEqual(over, []);
      await editor.page.keyboard.press('Escape');
    });
  });

  describe('of 5 000 resources', () => {
    let editor: Editor;

    before(async () => {
      const func = 'for (let room = 1; room <= 5000; room++) node.send({ topic: `room ${room}` });';
      const [inject, each] = injected('each', { resources: [{ v: 'topic', t: 'msg' }], name: 'Room' });
      const rooms = {
        id: 'rooms',
        type: 'function',
        z: 'upstairs',
        func,
        outputs: 1,
        x: 280,
        y: 80,
        wires: [['each']],
      };
      editor = await Editor.open([
        TAB,
        UPSTAIRS,
        REGISTRY,
        { ...inject, id: 'go', type: 'inject', wires: [['rooms']] },
        rooms,
        each as FlowNode,
      ]);
      await editor.page.evaluate('RED.sidebar.show("locks")');
      await editor.page.evaluate('$.post("inject/go")');
    });

    after(() => editor?.close());

    it('makes only the rows that are looked at, and finds the others', async () => {
      const { page } = editor;
      await page.locator('.redlock-row[data-resource="room 1"]').waitFor();
      const search = page.getByRole('searchbox');
      await search.fill('room 5000');
      await page.locator('.redlock-row[data-resource="room 5000"]').waitFor();
      await search.fill('');
      await page.locator('.redlock-row[data-resource="room 2"]').waitFor();
      const made = () => page.locator('.redlock-row').count();
      const before = await made();
      assert.ok(before < 300, `${before} rows`);
      await page.locator('.redlock-end').scrollIntoViewIfNeeded();
      await page.waitForFunction(`document.querySelectorAll('.redlock-row').length > ${before}`);
      assert.ok((await made()) < 600);
      assert.deepEqual(editor.complaints, []);
    });
  });
});

/** A length such as `9 min 58 s`, in seconds. */
async function secondsIn(shown: Locator): Promise<number> {
  const lengths = { s: 1, min: 60, h: 3_600, d: 86_400 };
  const text = String(await shown.textContent());
  return [...text.matchAll(/(\d+) (s|min|h|d)\b/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * lengths[unit as keyof typeof lengths],
    0,
  );
}
