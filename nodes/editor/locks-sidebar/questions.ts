// The questions that come before a resource is held or freed by hand, inside its row: Escape is no.
import { button, element } from '../page';
import { say } from './words';

const UNITS = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export interface HoldWish {
  readonly ttl: number;
  readonly value?: unknown;
}

/** Asks before something is ended. */
export function confirmForm(text: string, yes: string, answer: (isYes: boolean) => void): HTMLFormElement {
  const submit = element('button', { type: 'submit', class: PRIMARY, 'data-act': 'yes' }, yes);
  const form = formOf(
    () => answer(false),
    element('p', {}, text),
    actions(submit, () => answer(false)),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    answer(true);
  });
  return form;
}

/** Asks for how long, and what the resource is to be. */
export function holdForm(resource: string, answer: (wish: HoldWish | undefined) => void): HTMLFormElement {
  const count = element('input', {
    type: 'number',
    min: '0',
    step: 'any',
    required: true,
    value: '1',
    name: 'count',
  });
  const unit = element('select', { name: 'unit', 'aria-label': say('hold.unit') });
  for (const name of Object.keys(UNITS)) unit.append(element('option', { value: name }, say(`long.${name}`)));
  unit.value = 'h';
  const value = element('input', { type: 'text', name: 'value', placeholder: say('hold.noValue') });
  const submit = element('button', { type: 'submit', class: PRIMARY, 'data-act': 'yes' }, say('hold.yes'));
  const form = formOf(
    () => answer(undefined),
    element('label', {}, say('hold.length'), count, unit),
    element('label', {}, say('hold.value'), value),
    actions(submit, () => answer(undefined)),
  );
  form.setAttribute('aria-label', say('hold.title', { resource }));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const ttl = Number(count.value) * UNITS[unit.value as keyof typeof UNITS];
    if (ttl > 0) answer({ ttl, ...(value.value !== '' && { value: readValue(value.value) }) });
    else count.focus();
  });
  return form;
}

const PRIMARY = 'red-ui-button primary';

function formOf(cancel: () => void, ...children: readonly HTMLElement[]): HTMLFormElement {
  const form = element('form', { class: 'redlock-question' }, ...children);
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    cancel();
  });
  return form;
}

function actions(submit: HTMLButtonElement, cancel: () => void): HTMLElement {
  return element(
    'div',
    { class: 'redlock-acts' },
    submit,
    button(say('action.cancel'), { class: 'red-ui-button', 'data-act': 'no' }, cancel),
  );
}

/** `on` is a text, `40` a number, `{"brightness":40}` an object. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is meant as it stands.
    return text;
  }
}
