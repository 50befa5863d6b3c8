// The last events of the registry, the latest first; made only while they are unfolded.
import type { EventLine } from '../../locks-sidebar/shown';
import { element } from '../page';
import { say, sayTime } from './words';

export class EventsView {
  readonly element: HTMLDetailsElement;
  readonly #list = element('ol', { class: 'redlock-events' });
  readonly #lines: () => readonly EventLine[];
  #shown = 0;

  constructor(lines: () => readonly EventLine[]) {
    this.#lines = lines;
    this.element = element('details', {}, element('summary', {}, say('events.title')), this.#list);
    this.element.addEventListener('toggle', () => this.update());
  }

  update(): void {
    if (!this.element.open) return;
    const lines = this.#lines();
    const last = lines.at(-1)?.number ?? 0;
    if (last < this.#shown || lines.length === 0) this.#list.replaceChildren();
    const fresh = last < this.#shown ? lines : lines.filter(({ number }) => number > this.#shown);
    this.#list.prepend(...fresh.map(lineOf).reverse());
    while (this.#list.children.length > lines.length) this.#list.lastElementChild?.remove();
    this.#shown = last;
  }
}

function lineOf({ time, event, locker, resources, reason, detail, by }: EventLine): HTMLElement {
  const what = say(`event.${event}`, { locker, resources: resources.join(', ') });
  const why = [by === undefined ? undefined : say('events.by', { locker: by.locker }), detail ?? reason];
  const because = why.filter((part) => part !== undefined).join(', ');
  const shown = element('time', { datetime: time }, sayTime(Date.parse(time)));
  return element(
    'li',
    { 'data-event': event },
    shown,
    element('span', {}, because === '' ? what : `${what} (${because})`),
  );
}
