// The resources in the order of their names, those that are held first. Of thousands only those are made that somebody
// has scrolled to, and of those only the ones that changed are made anew.
import type { Row } from '../../locks-sidebar/shown';
import { hintOf } from '../../locks-sidebar/stuck';
import { element } from '../page';
import { type RowContext, RowView } from './row-view';

export type Filter = 'all' | 'held' | 'stuck';

const STEP = 60;
const byName = new Intl.Collator(undefined, { numeric: true }).compare;

export class List {
  readonly element = element('ul', { class: 'redlock-rows' });
  /** Comes into view when the end of the list does. */
  readonly end = element('div', { class: 'redlock-end' });
  readonly #rows: ReadonlyMap<string, Row>;
  readonly #context: RowContext;
  readonly #views = new Map<string, RowView>();
  #names: string[] = [];
  #search = '';
  #filter: Filter = 'all';
  #limit = STEP;
  /** How many rows match what is looked for. */
  matching = 0;

  constructor(rows: ReadonlyMap<string, Row>, context: RowContext) {
    this.#rows = rows;
    this.#context = context;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) this.#more();
    });
    observer.observe(this.end);
  }

  seek(search: string, filter: Filter): void {
    this.#search = search.trim().toLowerCase();
    this.#filter = filter;
    this.#limit = STEP;
    this.refresh();
  }

  update(changed: readonly Row[], isFresh: boolean): void {
    if (isFresh) this.#forget();
    if (this.#names.length !== this.#rows.size) this.#names = [...this.#rows.keys()].sort(byName);
    for (const row of changed) this.#views.get(row.resource)?.update(row);
    this.refresh();
  }

  tick(): void {
    for (const view of this.#views.values()) view.tick();
  }

  refresh(): void {
    const matching = this.#sorted();
    this.matching = matching.length;
    const shown = matching.slice(0, this.#limit);
    const names = new Set(shown.map(({ resource }) => resource));
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    for (const [name, view] of this.#views) if (!names.has(name)) this.#drop(name, view);
    this.#place(shown);
    // An element that is moved loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement)
      focused.focus({ preventScroll: true });
    this.end.hidden = matching.length <= this.#limit;
  }

  #place(shown: readonly Row[]): void {
    let next = this.element.firstElementChild;
    for (const row of shown) {
      const view = this.#viewOf(row);
      if (view.element === next) next = next.nextElementSibling;
      else this.element.insertBefore(view.element, next);
    }
  }

  #sorted(): readonly Row[] {
    const held: Row[] = [];
    const free: Row[] = [];
    for (const name of this.#names) {
      const row = this.#rows.get(name);
      if (row !== undefined && this.#matches(row)) (row.state === 'free' ? free : held).push(row);
    }
    return [...held, ...free];
  }

  #matches(row: Row): boolean {
    if (this.#filter === 'held' && row.state === 'free') return false;
    if (this.#filter === 'stuck' && hintOf(row, this.#context.now()) === undefined) return false;
    if (this.#search === '') return true;
    const { resource, holder, waiting } = row;
    const texts = [
      resource,
      holder?.locker,
      holder?.level,
      holder?.requester,
      ...waiting.map(({ locker }) => locker),
    ];
    return texts.some((text) => text?.toLowerCase().includes(this.#search));
  }

  #viewOf(row: Row): RowView {
    const there = this.#views.get(row.resource);
    if (there !== undefined) return there;
    const view = new RowView(row, this.#context);
    this.#views.set(row.resource, view);
    return view;
  }

  #more(): void {
    this.#limit += STEP;
    this.refresh();
  }

  #drop(name: string, view: RowView): void {
    view.element.remove();
    this.#views.delete(name);
  }

  #forget(): void {
    for (const [name, view] of this.#views) if (!this.#rows.has(name)) this.#drop(name, view);
    for (const [name, view] of this.#views) {
      const row = this.#rows.get(name);
      if (row !== undefined) view.update(row);
    }
    this.#names = [];
  }
}
