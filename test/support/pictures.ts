// The pictures of the README, taken of a real Node-RED in a real browser, each with what could be seen in it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Editor } from './editor';
import { Hand } from './editor-hand';
import { acquire, type Change, lease, resources, TAB, value } from './lock-flow';
import { freePort } from './mqtt-mosquitto';
import type { FlowNode } from './node-red';
import { REPOSITORY } from './repository';

/** What stood in the window when the picture was taken. */
export interface Seen {
  /** Of each node that is there whole, by its id, what its status reads. */
  readonly statuses: Readonly<Record<string, string>>;
  /** The rows of the sidebar, each as a line. */
  readonly rows: readonly string[];
  /** Messages, tours and dialogs that hide something. */
  readonly covers: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export const OFFICE_LIGHTS: Size = { width: 1280, height: 1060 };
export const SIDEBAR: Size = { width: 1000, height: 740 };

/** The example: the alarm has both rooms, motion and the energy plan wait. */
export async function takeOfficeLights(file: string): Promise<Seen> {
  const example = readFileSync(join(REPOSITORY, 'examples/office-lights.json'), 'utf8');
  const flows: readonly FlowNode[] = JSON.parse(example.replaceAll('1883', `${await freePort()}`));
  return takeOf(flows, OFFICE_LIGHTS, file, async (editor, hand) => {
    await editor.page.evaluate("RED.actions.invoke('core:toggle-palette')");
    await editor.page.evaluate("RED.actions.invoke('core:toggle-sidebar')");
    await hand.press('energy-inject');
    await hand.reads('energy-release', 'released');
    await hand.press('motion-inject');
    await hand.reads('motion-acquire', 'mine');
    await hand.press('alarm-inject');
    await hand.reads('alarm-guard', 'still held');
    await hand.press('energy-inject');
    await hand.reads('energy-acquire', 'waits for security…');
    await hand.reads('meeting-status-shown', 'ON');
    // A press brings its button into view, which may have moved the flow while the palette went.
    await editor.page.evaluate("document.getElementById('red-ui-workspace-chart').scrollTo(0, 0)");
  });
}

/** The sidebar beside a flow: some hold, some wait, and one is held by hand. */
export async function takeSidebar(file: string): Promise<Seen> {
  return takeOf(houseFlow(), SIDEBAR, file, async (editor, hand) => {
    await editor.page.evaluate("RED.actions.invoke('core:toggle-palette')");
    await editor.page.evaluate('RED.sidebar.show("locks")');
    for (const { id } of CLAIMS) {
      await hand.press(`go ${id}`);
      // One after the other, so that each finds what it is to find.
      await editor.page.waitForFunction(
        (node) =>
          !['', 'idle'].includes(
            document.getElementById(node)?.querySelector('.red-ui-flow-node-status-label')?.textContent ?? '',
          ),
        id,
      );
    }
    await holdByHand(editor, 'living room speakers', 'pause');
    await hand.reads('music', 'editor has it');
    await editor.page.locator('.redlock-waiter').getByText('Music', { exact: true }).waitFor();
  });
}

const LEVELS = {
  ...{ security: 900, weather: 800, manual: 500, motion: 100, schedule: 50, comfort: 0, energy: -100 },
} as const;

interface PicturedClaim {
  readonly id: string;
  readonly cause: string;
  readonly name: string;
  readonly level: keyof typeof LEVELS;
  readonly wish: Change;
}

const HEATING = { value: '{"target":21.5,"mode":"comfort"}', valueType: 'json' };

const CLAIMS: readonly PicturedClaim[] = [
  {
    ...{ id: 'motion', cause: 'somebody walks', name: 'Motion', level: 'motion' },
    wish: { ...resources('kitchen light'), ...value('on'), ...lease(120) },
  },
  {
    ...{ id: 'energy', cause: 'nobody at home', name: 'Save energy', level: 'energy' },
    wish: { ...resources('kitchen light'), ...value('off') },
  },
  {
    ...{ id: 'evening', cause: 'at sunset', name: 'Evening schedule', level: 'schedule' },
    wish: { ...resources('kitchen light'), ...value('dim') },
  },
  {
    ...{ id: 'wind', cause: 'storm', name: 'Wind', level: 'weather' },
    wish: { ...resources('house/ground/blinds'), ...value('up') },
  },
  {
    ...{ id: 'heating', cause: 'at 6:30', name: 'Heating plan', level: 'schedule' },
    wish: { ...resources('heating'), ...HEATING, ...lease(2 * 86_400) },
  },
  {
    ...{ id: 'music', cause: 'party', name: 'Music', level: 'comfort' },
    wish: { ...resources('living room speakers'), ...value('play') },
  },
];

/** One button and one acquire node for each claim, below each other. */
function houseFlow(): readonly FlowNode[] {
  const levels = Object.entries(LEVELS).map(([name, priority]) => ({ id: name, name, priority }));
  const registry = { id: 'registry', type: 'lock-registry', broker: 'none', prefix: 'house', levels };
  const nodes = CLAIMS.flatMap(({ id, cause, name, level, wish }, index) => {
    const y = 60 + 100 * index;
    const place = { x: 420, y, wires: [[], [], [], []] };
    const [node] = acquire(id, { ...wish, ...place, name, level, levelType: 'level' });
    const inject = { ...{ id: `go ${id}`, type: 'inject', z: 'tab', name: cause, props: [], repeat: '' } };
    const button = {
      ...inject,
      crontab: '',
      once: false,
      onceDelay: 0.1,
      topic: '',
      x: 160,
      y,
      wires: [[id]],
    };
    return node === undefined ? [] : [button, node];
  });
  return [TAB, registry, ...nodes];
}

async function holdByHand(editor: Editor, resource: string, wanted: string): Promise<void> {
  const row = editor.page.locator(`.redlock-row[data-resource="${resource}"]`);
  await row.getByRole('button', { name: `Hold ${resource} for…` }).click();
  await row.locator('input[name="count"]').fill('4');
  await row.locator('input[name="value"]').fill(wanted);
  await row.locator('[data-act="yes"]').click();
  await row.getByText('editor, by hand').waitFor();
  // What the editor says of it goes away by itself, or when it is clicked on.
  await editor.page.locator('.red-ui-notification').first().click();
}

async function takeOf(
  flows: readonly FlowNode[],
  size: Size,
  file: string,
  prepare: (editor: Editor, hand: Hand) => Promise<void>,
): Promise<Seen> {
  const editor = await Editor.open(flows);
  try {
    await editor.page.setViewportSize(size);
    await prepare(editor, new Hand(editor));
    // The mouse is over nothing, and nothing has the focus.
    await editor.page.mouse.move(size.width / 2, 20);
    await editor.page.evaluate('document.activeElement.blur()');
    await editor.page.waitForFunction(COVERS_ARE_GONE);
    const seen: Seen = await editor.page.evaluate(LOOK);
    await editor.page.screenshot({ path: file, animations: 'disabled' });
    return seen;
  } finally {
    await editor.close();
  }
}

const COVERS =
  '[...document.querySelectorAll(".red-ui-notification, .red-ui-popover, .red-ui-tray, .red-ui-tourGuide-shade")].filter((cover) => cover.offsetParent !== null || cover.getClientRects().length > 0)';

const COVERS_ARE_GONE = `${COVERS}.length === 0`;

const LOOK = `(() => {
  const chart = document.querySelector('#red-ui-workspace-chart').getBoundingClientRect();
  const isWhole = (node) => {
    const { left, right, top, bottom } = node.getBoundingClientRect();
    return left >= chart.left && right <= chart.right && top >= chart.top && bottom <= chart.bottom;
  };
  const nodes = [...document.querySelectorAll('.red-ui-flow-node-group')].filter(isWhole);
  const statusOf = (node) => node.querySelector('.red-ui-flow-node-status-label')?.textContent ?? '';
  const rows = [...document.querySelectorAll('.redlock-row')].filter((row) => row.getClientRects().length > 0);
  return {
    statuses: Object.fromEntries(nodes.map((node) => [node.id, statusOf(node)])),
    rows: rows.map((row) => row.innerText.replace(/\\s+/g, ' ')),
    covers: ${COVERS}.length,
  };
})()`;
