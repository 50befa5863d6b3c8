// One resource in the list: who has it, who waits, what looks stuck, and the questions that are open about it.
import type { Holder, Party, Row } from '../../locks-sidebar/shown';
import { type Hint, hintOf } from '../../locks-sidebar/stuck';
import { button, element, icon, iconButton, textButton } from '../page';
import { api } from '../red';
import { carryOut, mayWrite } from './deeds';
import { confirmForm, type HoldWish, holdForm } from './questions';
import { say, sayLength, sayLevel, sayParty, sayValue } from './words';

/** What is said of the times in a row, which go on while it stays as it is. */
const TIMES = { since: 'row.since', waits: 'row.waitsFor', until: 'row.left' } as const;

/** What a row is shown by. */
export interface RowContext {
  registry(): string;
  /** Wall ms of the runtime. */
  now(): number;
}

export class RowView {
  readonly element: HTMLLIElement;
  readonly #body = element('div');
  readonly #question = element('div');
  readonly #context: RowContext;
  #row: Row;
  #hint: Hint | undefined;

  constructor(row: Row, context: RowContext) {
    this.#context = context;
    this.#row = row;
    this.element = element('li', { class: 'redlock-row' }, this.#body, this.#question);
    this.update(row);
  }

  update(row: Row): void {
    this.#row = row;
    this.#hint = hintOf(row, this.#context.now());
    const act = this.#body.contains(document.activeElement)
      ? document.activeElement?.getAttribute('data-act')
      : undefined;
    this.element.dataset.state = row.state;
    this.element.dataset.resource = row.resource;
    this.#body.replaceChildren(this.#head(), this.#holder(), ...this.#waiting(), ...this.#hintLine());
    sayTimes(this.#body, this.#context.now());
    if (act)
      this.#body
        .querySelector<HTMLElement>(`[data-act="${CSS.escape(act)}"]`)
        ?.focus({ preventScroll: true });
  }

  /** Time has passed. */
  tick(): void {
    if (hintOf(this.#row, this.#context.now()) !== this.#hint) this.update(this.#row);
    else sayTimes(this.#body, this.#context.now());
  }

  #head(): HTMLElement {
    const { resource, holder, state } = this.#row;
    const acts = element('span', { class: 'redlock-acts' });
    if (mayWrite())
      acts.append(
        iconButton('hand-paper-o', say('action.holdFor', { resource }), 'hold', () => this.#askHold()),
      );
    if (mayWrite() && holder !== undefined)
      acts.append(
        iconButton('unlock', say('action.free', { resource }), 'free', () => this.#askFree(holder)),
      );
    const dot = element('span', { class: 'redlock-dot', title: say(`state.${state}`) });
    const name = element('span', { class: 'redlock-name', title: resource }, resource);
    return element('div', { class: 'redlock-head' }, dot, name, acts);
  }

  #holder(): HTMLElement {
    const { holder, value, state } = this.#row;
    const shown =
      value === undefined ? undefined : element('span', { class: 'redlock-value' }, sayValue(value));
    if (holder === undefined) return element('div', { class: 'redlock-line' }, say('state.free'), shown);
    const { since, expires, claims } = holder;
    return element(
      'div',
      { class: 'redlock-line' },
      partyElement(holder, 'holder'),
      element('span', { class: 'redlock-level' }, sayLevel(holder)),
      shown,
      expires === undefined ? undefined : timeElement('until', expires, 'redlock-left'),
      since === undefined ? undefined : timeElement('since', since, 'redlock-since'),
      claims > 1 ? element('span', {}, say('row.claims', { count: claims })) : undefined,
      state === 'revoking' ? element('span', {}, say('state.revoking')) : undefined,
    );
  }

  #waiting(): readonly HTMLElement[] {
    const { waiting, waitingCount } = this.#row;
    const lines = waiting.map((waiter, index) => {
      const time =
        waiter.since === undefined ? say('row.waits') : timeElement('waits', waiter.since, 'redlock-since');
      const level = element('span', { class: 'redlock-level' }, sayLevel(waiter));
      const line = element(
        'div',
        { class: 'redlock-line redlock-waiter' },
        icon('hourglass-half'),
        partyElement(waiter, `waiter ${index}`),
        level,
        time,
      );
      if (waiter.isHand && mayWrite())
        line.append(textButton(say('action.withdraw'), 'withdraw', () => this.#do('withdraw', {})));
      return line;
    });
    const more = waitingCount - waiting.length;
    if (more > 0)
      lines.push(
        element('div', { class: 'redlock-line redlock-waiter' }, say('row.moreWait', { count: more })),
      );
    return lines;
  }

  #hintLine(): readonly HTMLElement[] {
    const { holder, waitingCount } = this.#row;
    if (this.#hint === undefined || holder === undefined) return [];
    const time = sayLength(this.#context.now() - (holder.since ?? this.#context.now()));
    const text = say(`hint.${this.#hint}`, { time, count: waitingCount });
    const line = element(
      'div',
      { class: 'redlock-hint' },
      icon('exclamation-triangle'),
      element('span', {}, text),
    );
    if (mayWrite()) line.append(textButton(say('action.freeIt'), 'cure', () => this.#askFree(holder)));
    return [line];
  }

  #askHold(): void {
    this.#ask(
      holdForm(this.#row.resource, (wish: HoldWish | undefined) => {
        this.#close('hold');
        if (wish !== undefined) this.#do('hold', { ...wish });
      }),
    );
  }

  /** Of the hold that is shown now: when it is another one by then, it is not ended. */
  #askFree(holder: Holder): void {
    const text = say('free.question', { resource: this.#row.resource, locker: sayParty(holder) });
    this.#ask(
      confirmForm(text, say('free.yes'), (isYes) => {
        this.#close('free');
        if (isYes) this.#do('free', { token: holder.token });
      }),
    );
  }

  #ask(form: HTMLFormElement): void {
    this.#question.replaceChildren(form);
    const first = form.querySelector<HTMLElement>('input, button');
    first?.focus();
    if (first instanceof HTMLInputElement) first.select();
  }

  #close(act: string): void {
    this.#question.replaceChildren();
    this.#body.querySelector<HTMLElement>(`[data-act="${act}"]`)?.focus();
  }

  #do(deed: 'hold' | 'free' | 'withdraw', wish: Readonly<Record<string, unknown>>): void {
    void carryOut(deed, this.#context.registry(), { resource: this.#row.resource, ...wish });
  }
}

/** A node of this editor is one click away. */
function partyElement(party: Party, act: string): HTMLElement {
  const text = party.isHand ? say('party.hand', { locker: party.locker }) : sayParty(party);
  const { node } = party;
  if (node === undefined) return element('span', { class: 'redlock-party' }, text);
  const label = say('action.reveal', { locker: party.locker });
  const attributes = { class: 'redlock-party redlock-link', title: label, 'data-act': act };
  return button(text, attributes, () => {
    // What was deleted and not deployed yet is not to be found.
    if (api.nodes.node(node)) api.view.reveal(node);
  });
}

function timeElement(kind: keyof typeof TIMES, wallMs: number, look: string): HTMLElement {
  return element('span', { class: look, [`data-${kind}`]: String(wallMs) });
}

function sayTimes(within: HTMLElement, now: number): void {
  for (const [kind, key] of Object.entries(TIMES)) {
    for (const shown of within.querySelectorAll<HTMLElement>(`[data-${kind}]`)) {
      const wallMs = Number(shown.dataset[kind]);
      shown.textContent = say(key, { time: sayLength(kind === 'until' ? wallMs - now : now - wallMs) });
    }
  }
}
