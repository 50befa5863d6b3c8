// Node-RED's editor in a real browser, with our nodes as they are in the sources.
import { rmSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { FlowNode } from './node-red';
import { type NodeRedProcess, startNodeRed } from './node-red-process';
import { NODE_RED_4, NODE_RED_5 } from './node-red-runtimes';
import { makeUserDir } from './user-dir';

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** What a script in the page says when a definition of ours is broken: the editor goes on after it. */
const BROKEN = /Unknown type|Definition error|oneditprepare|is not defined|is not a function/;

/** What the editor has of a node. */
export type EditorNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

export class Editor {
  readonly page: Page;
  /** Errors of scripts in the page. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #process: NodeRedProcess;
  readonly #userDir: string;

  private constructor(page: Page, browser: Browser, process: NodeRedProcess, userDir: string) {
    this.page = page;
    this.#browser = browser;
    this.#process = process;
    this.#userDir = userDir;
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? String(error)));
    page.on('console', (message) => {
      if (BROKEN.test(message.text())) this.complaints.push(message.text());
    });
  }

  /** Starts the Node-RED that the tests run on, with these flows, and opens its editor in a language such as `de`. */
  static async open(flows: readonly FlowNode[], lang = 'en-US'): Promise<Editor> {
    const userDir = makeUserDir(flows);
    const runtime = process.env.NODE_RED_DIR === undefined ? NODE_RED_4 : NODE_RED_5;
    const running = await startNodeRed(runtime, userDir, { lang });
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 }, locale: lang });
    const editor = new Editor(page, browser, running, userDir);
    try {
      await editor.#load(running.url);
    } catch (error) {
      await editor.close();
      throw error;
    }
    return editor;
  }

  async #load(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.waitForSelector('.red-ui-palette-node[data-palette-type="acquire"]', {
      state: 'attached',
    });
    await this.page.waitForFunction(
      'RED.workspaces.active() !== 0 && !document.querySelector("#red-ui-loading-progress")?.offsetParent',
    );
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#process.stop();
    rmSync(this.#userDir, { recursive: true });
  }

  /** Drags a node from the palette onto the workspace. */
  async drop(type: string, x: number, y: number): Promise<void> {
    const { mouse } = this.page;
    const entry = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await entry.scrollIntoViewIfNeeded();
    const box = await entry.boundingBox();
    if (box === null) throw new Error(`${type} is not in the palette`);
    const before = (await this.nodes()).length;
    await mouse.move(box.x + 40, box.y + 12);
    await mouse.down();
    await mouse.move(box.x + 80, box.y + 30, { steps: 4 });
    await mouse.move(x, y, { steps: 8 });
    await mouse.up();
    await this.page.waitForFunction(
      `(() => { let n = 0; RED.nodes.eachNode(() => { n += 1; }); return n; })() > ${before}`,
    );
  }

  /** The nodes of the flows, or the config nodes. */
  nodes(kind: 'eachNode' | 'eachConfig' = 'eachNode'): Promise<readonly EditorNode[]> {
    return this.page.evaluate(
      `(() => { const all = []; RED.nodes.${kind}((node) => { all.push({ ...RED.nodes.convertNode(node), changed: node.changed, valid: node.valid }); }); return all; })()`,
    );
  }

  async node(id: string): Promise<EditorNode> {
    const all = [...(await this.nodes()), ...(await this.nodes('eachConfig'))];
    const found = all.find((node) => node.id === id);
    if (found === undefined) throw new Error(`there is no node ${id}`);
    return found;
  }

  /** Opens the dialog of a node. */
  async edit(id: string): Promise<void> {
    await this.page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`);
    await this.page.waitForSelector('#dialog-form');
    await this.opened();
  }

  async editConfig(type: string, id: string): Promise<void> {
    await this.page.evaluate(`RED.editor.editConfig('', ${JSON.stringify(type)}, ${JSON.stringify(id)})`);
    await this.page.waitForSelector('#node-config-dialog-edit-form');
    await this.opened();
  }

  /** Presses Done, or Update. */
  async save(): Promise<void> {
    await this.page.click('#node-dialog-ok, #node-config-dialog-ok');
    await this.page.waitForSelector('.red-ui-tray', { state: 'detached' });
  }

  async deploy(): Promise<void> {
    await this.page.click('#red-ui-header-button-deploy');
    await this.page.waitForFunction('!RED.nodes.dirty()');
  }

  /** The tray slides in, takes the focus for its first input, and is raised last of all: what is typed before may go astray. */
  async opened(): Promise<void> {
    await this.page.waitForFunction('document.querySelector("#red-ui-editor-stack")?.style.zIndex === "13"');
  }
}
