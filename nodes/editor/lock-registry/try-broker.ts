// The button of the registry's dialog that tries its broker: the runtime connects as the dialog says, and nothing is saved.
import { api, ask, Refused } from '../red';
import { spellReason } from './reasons';

interface Trial {
  readonly isWell: boolean;
  readonly text: string;
}

const FIELDS = ['broker', 'brokerNode', 'url', 'prefix', 'user', 'password'];

/** In every dialog that opens from now on. */
export function offerTrials(): void {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLButtonElement>('#redlock-try') : null;
    if (button !== null) void tryBroker(button);
  });
  for (const kind of ['input', 'change']) {
    document.addEventListener(kind, ({ target }) => {
      // What was said is of other settings.
      if (target instanceof Element && target.closest('#redlock-tab-broker') !== null) show('');
    });
  }
}

async function tryBroker(button: HTMLButtonElement): Promise<void> {
  const { registry = '' } = button.dataset;
  button.disabled = true;
  show(words('try.running'));
  try {
    const found = await ask('POST', `lock-registry/${encodeURIComponent(registry)}/try`, settings());
    const { isWell, text } = found as Trial;
    if (isWell) show(words('try.well'), 'redlock-right');
    else show(`${words('try.failed')} ${spellReason(text, words)}`, 'redlock-wrong');
  } catch (error) {
    const isForbidden = error instanceof Refused && (error.status === 401 || error.status === 403);
    show(words(isForbidden ? 'try.forbidden' : 'try.silent'), 'redlock-wrong');
  }
  button.disabled = false;
}

/** As the dialog has them at this moment. */
function settings(): Readonly<Record<string, string>> {
  const enteredIn = (name: string) => {
    const field = document.getElementById(`node-config-input-${name}`);
    return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field.value : '';
  };
  return Object.fromEntries(FIELDS.map((name) => [name, enteredIn(name)]));
}

function words(key: string): string {
  return api._(`@priority-redlock/node-red/lock-registry:lock-registry.${key}`);
}

function show(text: string, kind = ''): void {
  const line = document.getElementById('redlock-tried');
  if (line === null) return;
  line.textContent = text;
  line.classList.remove('redlock-right', 'redlock-wrong');
  if (kind !== '') line.classList.add(kind);
}
