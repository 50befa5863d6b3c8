// How the chosen registry is: who decides, how its broker is, and what can be done about it.
import type { RegistryName, Standing } from '../../locks-sidebar/shown';
import { element, icon, textButton } from '../page';
import { carryOut, type Deed, mayWrite } from './deeds';
import { confirmForm } from './questions';
import { say } from './words';

export class StandingView {
  readonly element: HTMLElement;
  readonly #choice = element('select', { 'aria-label': say('registry.choose') });
  // Read out when it changes, which is seldom.
  readonly #text = element('div', { role: 'status' });
  readonly #acts = element('div', { class: 'redlock-acts' });
  readonly #question = element('div');
  #shown = '';
  #registry = '';

  constructor(choose: (registry: string) => void) {
    this.element = element(
      'div',
      { class: 'redlock-standing' },
      this.#choice,
      this.#text,
      this.#acts,
      this.#question,
    );
    this.#choice.addEventListener('change', () => choose(this.#choice.value));
  }

  update(registries: readonly RegistryName[], registry: string, standing: Standing | undefined): void {
    const spelled = JSON.stringify([registries, registry, standing]);
    if (spelled === this.#shown) return;
    this.#shown = spelled;
    this.#registry = registry;
    this.element.hidden = standing === undefined;
    this.#choice.hidden = registries.length < 2;
    this.#choice.replaceChildren(...registries.map(({ id, name }) => element('option', { value: id }, name)));
    this.#choice.value = registry;
    if (standing !== undefined) this.#say(standing);
  }

  #say(standing: Standing): void {
    const { state, text, warning, decider, isOwn, dead } = standing;
    const who = isOwn
      ? say('decides.own')
      : say('decides.other', { decider: decider ?? say('decides.nobody') });
    const dot = element('span', { class: 'redlock-dot', 'data-state': state });
    const lines = [
      element(
        'div',
        { class: 'redlock-line' },
        dot,
        element('strong', {}, say(`registry.${state}`)),
        element('span', {}, who),
      ),
      element('div', { class: 'redlock-broker' }, text),
    ];
    if (warning !== undefined)
      lines.push(element('div', { class: 'redlock-hint' }, icon('exclamation-triangle'), warning));
    if (dead > 0)
      lines.push(
        element(
          'div',
          { class: 'redlock-hint' },
          icon('exclamation-triangle'),
          say('registry.dead', { count: dead }),
        ),
      );
    this.#text.replaceChildren(...lines);
    this.#acts.replaceChildren(...this.#actsFor(standing));
  }

  #actsFor({ isOwn, canTakeOver, state, dead }: Standing): readonly HTMLElement[] {
    const acts: HTMLElement[] = [];
    if (!mayWrite()) return acts;
    // While somebody decides as he should there is nothing to take over.
    if (!isOwn && canTakeOver && state !== 'ready') acts.push(this.#act('take-over', 'takeOver'));
    if (dead > 0) acts.push(this.#act('purge', 'purge'));
    return acts;
  }

  #act(deed: Deed, texts: 'takeOver' | 'purge'): HTMLElement {
    return textButton(say(`${texts}.ask`), deed, () => {
      const form = confirmForm(say(`${texts}.question`), say(`${texts}.yes`), (isYes) => {
        this.#question.replaceChildren();
        this.#acts.querySelector<HTMLElement>(`[data-act="${deed}"]`)?.focus();
        if (isYes) void carryOut(deed, this.#registry, {});
      });
      this.#question.replaceChildren(form);
      form.querySelector('button')?.focus();
    });
  }
}
