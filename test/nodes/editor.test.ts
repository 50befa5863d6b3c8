import assert from 'node:assert/strict';
import { Editor, type EditorNode } from '../support/editor';
import { TAB } from '../support/lock-flow';

describe('the editor', function () {
  this.timeout(120_000);

  describe('of an empty flow', () => {
    let editor: Editor;

    before(async () => {
      editor = await Editor.open([TAB]);
    });

    after(() => editor?.close());

    it('makes a registry with a broker of its own when the first node is dropped, and gives it to the next ones', async () => {
      await editor.drop('acquire', 560, 200);
      const [registry, ...others] = await editor.nodes('eachConfig');
      assert.deepEqual([registry?.type, registry?.broker, others.length], ['lock-registry', 'embedded', 0]);
      await editor.drop('release', 760, 200);
      await editor.drop('lock-status', 560, 400);
      await editor.drop('lock-guard', 760, 400);
      const nodes = await editor.nodes();
      assert.deepEqual([...new Set(nodes.map((node) => node.registry))], [registry?.id]);
      assert.equal((await editor.nodes('eachConfig')).length, 1);
      assert.deepEqual(editor.complaints, []);
    });

    it('takes resources, of which the acquire node needs at least one', async () => {
      const acquire = await ofType(editor, 'acquire');
      assert.equal(acquire.valid, false);
      await editor.edit(acquire.id);
      await editor.page
        .locator('#node-input-resources-list input.red-ui-typedInput-input')
        .first()
        .fill('kitchen light');
      await editor.page.click('.redlock-list .red-ui-editableList-addButton');
      await editor.page
        .locator('#node-input-resources-list input.red-ui-typedInput-input')
        .nth(1)
        .fill('hall light');
      await editor.save();
      const { resources, valid } = await ofType(editor, 'acquire');
      assert.deepEqual(
        [resources, valid],
        [
          [
            { v: 'kitchen light', t: 'str' },
            { v: 'hall light', t: 'str' },
          ],
          true,
        ],
      );
    });

    it('completes the names that the flows use', async () => {
      const { id } = await ofType(editor, 'lock-status');
      await editor.edit(id);
      await editor.page
        .locator(
          '#node-input-resource ~ .red-ui-typedInput-container input, .red-ui-typedInput-container input.red-ui-autoComplete',
        )
        .first()
        .pressSequentially('light');
      const choices = editor.page.locator('.red-ui-autoComplete-container a');
      await choices.first().waitFor();
      assert.deepEqual(await choices.allInnerTexts(), ['hall light', 'kitchen light']);
      await choices.first().click();
      await editor.save();
      assert.equal((await editor.node(id)).resource, 'hall light');
    });

    it('deploys, and shows the statuses', async () => {
      const [registry] = await editor.nodes('eachConfig');
      // A port that is free.
      await editor.page.evaluate(`RED.nodes.node(${JSON.stringify(registry?.id)}).port = '0'`);
      await editor.deploy();
      const { id } = await ofType(editor, 'acquire');
      const label = editor.page.locator(`[id="${id}"] .red-ui-flow-node-status-label`);
      await editor.page.waitForFunction(
        `document.getElementById("${id}")?.querySelector(".red-ui-flow-node-status-label")?.textContent === "idle"`,
      );
      assert.equal(await label.textContent(), 'idle');
    });

    it('opens and saves each dialog without changing anything', async () => {
      const before = await editor.nodes();
      for (const { id } of before) {
        await editor.edit(id);
        await editor.save();
      }
      const [registry] = await editor.nodes('eachConfig');
      await editor.editConfig('lock-registry', String(registry?.id));
      await editor.save();
      assert.deepEqual(await editor.nodes(), before);
      // The editor notes empty credentials of any node when its dialog is saved for the first time.
      const [after] = await editor.nodes('eachConfig');
      assert.deepEqual(
        { ...after, changed: false, credentials: undefined },
        { ...registry, credentials: undefined },
      );
      assert.deepEqual(editor.complaints, []);
    });

    it('explains without widening its dialogs: they fit a narrow window', async () => {
      const { page } = editor;
      const { id } = await ofType(editor, 'release');
      await editor.edit(id);
      await page.selectOption('#node-input-mode', 'force');
      await editor.save();
      await page.setViewportSize({ width: 900, height: 900 });
      await editor.edit(id);
      assert.deepEqual(await overflow(editor), []);
      await editor.save();
      const [registry] = await editor.nodes('eachConfig');
      await editor.editConfig('lock-registry', String(registry?.id));
      for (let tab = 1; tab <= 4; tab++) {
        await page.click(`#redlock-tabs li:nth-child(${tab}) a`);
        assert.deepEqual(await overflow(editor), []);
      }
      await editor.save();
    });
  });

  describe('of a flow with a broker', () => {
    let editor: Editor;
    const broker = {
      id: 'broker',
      type: 'mqtt-broker',
      name: 'house',
      broker: '127.0.0.1',
      port: '1',
      autoConnect: false,
    };

    before(async () => {
      editor = await Editor.open([TAB, broker]);
    });

    after(() => editor?.close());

    it('makes a registry that uses the broker of the flows, if there is exactly one', async () => {
      await editor.drop('release', 560, 200);
      const registry = (await editor.nodes('eachConfig')).find(({ type }) => type === 'lock-registry');
      assert.deepEqual([registry?.broker, registry?.brokerNode], ['node', 'broker']);
    });

    it('gives a mutex for messages a lease of 3 minutes', async () => {
      await editor.drop('acquire', 560, 400);
      const { id } = await ofType(editor, 'acquire');
      await editor.edit(id);
      await editor.page.selectOption('#node-input-further', 'each');
      await editor.save();
      const { ttl, ttlType, ttlUnit, whenLost } = await editor.node(id);
      assert.deepEqual([ttl, ttlType, ttlUnit, whenLost], ['3', 'num', 'min', 'giveUp']);
    });

    it('says when another node has the same owner', async () => {
      await editor.drop('acquire', 560, 600);
      const [one, other] = (await editor.nodes()).filter(({ type }) => type === 'acquire');
      await editor.edit(String(one?.id));
      await editor.page.fill('#node-input-name', 'motion');
      await editor.save();
      await editor.edit(String(other?.id));
      await editor.page.click('.redlock-more summary');
      const note = editor.page.locator('#redlock-same-owner');
      assert.equal(await note.isVisible(), false);
      await editor.page.fill('#node-input-name', 'motion');
      assert.match(String(await note.textContent()), /^“motion” is also the owner in House/);
      await editor.save();
    });

    it('keeps which acquire nodes a release node ticks by what they are', async () => {
      const [one] = (await editor.nodes()).filter(({ type }) => type === 'acquire');
      const { id } = await ofType(editor, 'release');
      await editor.edit(id);
      await editor.page.locator('#node-input-nodes-list input[type="checkbox"]').first().check();
      await editor.save();
      assert.deepEqual((await editor.node(id)).nodes, [one?.id]);
    });

    it('sorts levels by their numbers, and gives one that is moved a number between its neighbours', async () => {
      const registry = (await editor.nodes('eachConfig')).find(({ type }) => type === 'lock-registry');
      const id = String(registry?.id);
      await editor.editConfig('lock-registry', id);
      await editor.page.click('#redlock-tabs li:nth-child(2) a');
      const handles = editor.page.locator('#node-config-input-levels-list .red-ui-editableList-item-handle');
      // Schedule (50) goes above motion (100), below manual (500).
      const [from, to] = [await handles.nth(5).boundingBox(), await handles.nth(4).boundingBox()];
      if (from === null || to === null) throw new Error('no handles');
      await editor.page.mouse.move(from.x + 4, from.y + 4);
      await editor.page.mouse.down();
      await editor.page.mouse.move(to.x + 4, to.y - 8, { steps: 10 });
      await editor.page.mouse.up();
      await editor.page.locator('#node-config-input-levels-list input').nth(15).fill('600');
      await editor.save();
      const levels = (await editor.node(id)).levels as { id: string; priority: number }[];
      assert.deepEqual(
        levels.map(({ id: level, priority }) => `${level} ${priority}`),
        [
          'life-safety 1000',
          'security 900',
          'weather 800',
          'energy 600',
          'manual 500',
          'schedule 300',
          'motion 100',
          'comfort 0',
        ],
      );
      assert.deepEqual(editor.complaints, []);
    });

    it('says that two levels have one name, until one of them has another', async () => {
      const registry = (await editor.nodes('eachConfig')).find(({ type }) => type === 'lock-registry');
      const id = String(registry?.id);
      const names = editor.page.locator('#node-config-input-levels-list input');
      const complaint = editor.page.locator('#redlock-level-twins');
      const open = async () => {
        await editor.editConfig('lock-registry', id);
        await editor.page.click('#redlock-tabs li:nth-child(2) a');
      };
      const isValid = () =>
        editor.page.evaluate(`RED.nodes.node(${JSON.stringify(id)}).valid`) as Promise<boolean>;
      await open();
      assert.equal(await complaint.isVisible(), false);
      await names.nth(2).fill(' Life-Safety');
      assert.match(String(await complaint.textContent()), /Two levels have the same name/);
      assert.equal(await editor.page.locator('#node-config-input-levels-list .input-error').count(), 2);
      await editor.save();
      assert.equal(await isValid(), false);
      await open();
      assert.equal(await complaint.isVisible(), true);
      await names.nth(2).fill('security');
      assert.equal(await complaint.isVisible(), false);
      await editor.save();
      assert.equal(await isValid(), true);
      assert.deepEqual(editor.complaints, []);
    });
  });
});

/** What of the open dialog is wider than its tray. */
function overflow({ page }: Editor): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const body = document.querySelector('.red-ui-tray:last-child');
    const edge = body.getBoundingClientRect().right + 1;
    const isOver = (element) => element.getBoundingClientRect().right > edge;
    return [...body.querySelectorAll('.redlock-form, .redlock-form *')].filter(isOver).map((element) => element.id || element.className);
  })()`);
}

async function ofType(editor: Editor, type: string): Promise<EditorNode> {
  const node = (await editor.nodes()).find((candidate) => candidate.type === type);
  if (node === undefined) throw new Error(`there is no ${type} node`);
  return node;
}
