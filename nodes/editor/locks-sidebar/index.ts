// The sidebar "Locks": who has what at the moment, who waits for it, and the way to step in by hand.
import { NUDGE_TOPIC } from '../../locks-sidebar/shown';
import { element } from '../page';
import { api } from '../red';
import { sayFailure } from './deeds';
import { EventsView } from './events-view';
import { type Filter, List } from './list';
import { Model } from './model';
import { StandingView } from './standing-view';
import { say } from './words';

const TICK_MS = 1_000;
/** Which registry was chosen the last time, in this browser. */
const CHOSEN = 'locks-sidebar-registry';
const FILTERS: readonly Filter[] = ['all', 'held', 'stuck'];

class Sidebar {
  readonly element: HTMLElement;
  readonly #model: Model;
  readonly #list: List;
  readonly #standing: StandingView;
  readonly #events: EventsView;
  readonly #search = element('input', {
    type: 'search',
    placeholder: say('search.label'),
    'aria-label': say('search.hint'),
  });
  readonly #filter = element('select', { 'aria-label': say('filter.label') });
  readonly #tools = element('div', { class: 'redlock-tools' }, this.#search, this.#filter);
  readonly #note = element('div', { class: 'redlock-note' });
  #ticking: number | undefined;

  constructor(chosen: string) {
    this.#model = new Model(chosen, (changed, isFresh) => {
      this.#list.update(changed, isFresh);
      this.#showAround();
    });
    const context = { registry: () => this.#model.registry, now: () => this.#model.now() };
    this.#list = new List(this.#model.rows, context);
    this.#standing = new StandingView((registry) => this.#choose(registry));
    this.#events = new EventsView(() => this.#model.events);
    for (const filter of FILTERS)
      this.#filter.append(element('option', { value: filter }, say(`filter.${filter}`)));
    const seek = () => this.#seek();
    this.#search.addEventListener('input', seek);
    this.#filter.addEventListener('change', seek);
    this.element = element(
      'div',
      { class: 'redlock-sidebar' },
      this.#standing.element,
      this.#tools,
      element('div', { class: 'redlock-scroll' }, this.#note, this.#list.element, this.#list.end),
      this.#events.element,
    );
  }

  /** It works only while somebody sees it, wherever the editor puts it. */
  begin(): void {
    let isInView = false;
    const look = () => this.#open(isInView && !document.hidden);
    new IntersectionObserver((entries) => {
      isInView = entries.at(-1)?.isIntersecting ?? false;
      look();
    }).observe(this.element);
    document.addEventListener('visibilitychange', look);
    api.comms.subscribe(NUDGE_TOPIC, () => this.#model.nudge());
    this.#showAround();
  }

  #open(isOpen: boolean): void {
    window.clearInterval(this.#ticking);
    if (isOpen) this.#ticking = window.setInterval(() => this.#list.tick(), TICK_MS);
    this.#model.open(isOpen);
  }

  #choose(registry: string): void {
    api.settings.setLocal(CHOSEN, registry);
    this.#model.choose(registry);
  }

  #seek(): void {
    const filter = FILTERS.find((one) => one === this.#filter.value) ?? 'all';
    this.#list.seek(this.#search.value, filter);
    this.#showAround();
  }

  #showAround(): void {
    const { view, rows, registry, standing } = this.#model;
    this.#standing.update(view?.registries ?? [], registry, standing);
    this.#tools.hidden = rows.size === 0;
    this.#events.element.hidden = standing === undefined;
    this.#events.update();
    this.#note.replaceChildren(...this.#notes().map((text) => element('p', {}, text)));
  }

  #notes(): readonly string[] {
    const { view, rows, failure } = this.#model;
    if (failure !== undefined) return [sayFailure(failure)];
    if (view === undefined) return [];
    if (view.registry === undefined) return [say('empty.noRegistry'), say('empty.how')];
    if (rows.size === 0) return [say('empty.noResource'), say('empty.send')];
    const notes = [];
    if (view.changes?.isCut) notes.push(say('list.cut', { count: rows.size }));
    if (this.#list.matching === 0) notes.push(say('empty.noMatch'));
    return notes;
  }
}

api.plugins.registerPlugin('locks-sidebar', {
  type: 'priority-redlock-sidebar',
  onadd() {
    const chosen = api.settings.getLocal(CHOSEN);
    const sidebar = new Sidebar(typeof chosen === 'string' ? chosen : '');
    const name = say('title');
    const content = sidebar.element;
    api.sidebar.addTab({
      id: 'locks',
      label: name,
      name,
      iconClass: 'fa fa-lock',
      content,
      enableOnEdit: true,
    });
    sidebar.begin();
  },
});
