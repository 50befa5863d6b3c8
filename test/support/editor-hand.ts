// A hand at the editor: what people do in it with nothing but the mouse and the keyboard.
import type { Locator } from 'playwright-core';
import type { Editor } from './editor';

interface Point {
  readonly x: number;
  readonly y: number;
}

export class Hand {
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** Drags a node from the palette onto the workspace; resolves to its id. */
  async drop(type: string, x: number, y: number): Promise<string> {
    const before = new Set((await this.#editor.nodes()).map(({ id }) => id));
    await this.#editor.drop(type, x, y);
    const added = (await this.#editor.nodes()).find(({ id }) => !before.has(id));
    if (added === undefined) throw new Error(`no ${type} was dropped`);
    return added.id;
  }

  /** Drags a wire from an output, counted from 0, to the input of another node. */
  async wire(from: string, output: number, to: string): Promise<void> {
    const { page } = this.#editor;
    const start = await this.#middle(this.#part(from, '.red-ui-flow-port-output').nth(output));
    const end = await this.#middle(this.#part(to, '.red-ui-flow-port-input'));
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    await page.mouse.move(start.x + 8, start.y, { steps: 2 });
    await page.mouse.move(end.x, end.y, { steps: 8 });
    await page.mouse.up();
    await page.waitForFunction(
      ([source, target, port]) =>
        (window as unknown as { RED: LinkedNodes }).RED.nodes
          .getNodeLinks(source)
          .some((link) => link.target.id === target && link.sourcePort === port),
      [from, to, output] as const,
    );
  }

  /** Opens the dialog of a node with a double click on it. */
  async open(id: string): Promise<void> {
    const { x, y } = await this.#middle(this.#part(id, '.red-ui-flow-node'));
    await this.#editor.page.mouse.dblclick(x, y, { delay: 10 });
    await this.#editor.opened();
  }

  /** Presses the button of an inject node. */
  async press(id: string): Promise<void> {
    await this.#part(id, '.red-ui-flow-node-button-button').click();
  }

  /** Resolves when the status below a node reads so. */
  async reads(id: string, status: string): Promise<void> {
    await this.#part(id, '.red-ui-flow-node-status-label').getByText(status, { exact: true }).waitFor();
  }

  /** Chooses an entry of the menu *View*. */
  async view(entry: string): Promise<void> {
    const { page } = this.#editor;
    await page.click('#red-ui-header-button-sidemenu');
    await page.hover('#menu-item-view-menu');
    await page.locator('#menu-item-view-menu-submenu').getByText(entry, { exact: true }).click();
  }

  #part(id: string, selector: string): Locator {
    return this.#editor.page.locator(`[id="${id}"] ${selector}`);
  }

  async #middle(shown: Locator): Promise<Point> {
    const box = await shown.boundingBox();
    if (box === null) throw new Error(`${shown} cannot be seen`);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }
}

/** What of the editor's own names is used here. */
interface LinkedNodes {
  readonly nodes: {
    getNodeLinks(
      id: string,
    ): readonly { readonly sourcePort: number; readonly target: { readonly id: string } }[];
  };
}
