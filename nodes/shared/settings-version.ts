// Numbers the settings of our nodes, and says what has to change in settings that an earlier version of the package saved.

/** What the editor has stored of a node. */
export interface Stored {
  readonly type: string;
  readonly version?: unknown;
}

type Settings = Readonly<Record<string, unknown>>;

/** What changes from one number to the next one. */
type Step = (settings: Settings) => Settings;

/** For each type the steps from number 1 on, which settings without a number have. */
const STEPS: Readonly<Record<string, readonly Step[]>> = {
  acquire: [adding({ manual: false, reported: 'payload', settle: '2', settleUnit: 's' })],
  release: [],
  'lock-guard': [],
  'lock-status': [],
  'lock-registry': [
    adding({
      ...{ decide: 'alone', failoverDelay: '', session: '', handoverTimeout: '' },
      ...{ homeAssistant: false, discoveryPrefix: '' },
    }),
  ],
};

/** The number that settings of this type have at present; `undefined` for types of others. */
export function presentVersion(type: string): number | undefined {
  const steps = Object.hasOwn(STEPS, type) ? STEPS[type] : undefined;
  return steps === undefined ? undefined : steps.length + 1;
}

/** The number of stored settings. */
export function versionOf({ version }: Stored): number {
  return typeof version === 'number' && version >= 1 ? Math.floor(version) : 1;
}

/** What to set in these settings so that they are of the present; nothing for those of a later version. */
export function changesIn(stored: Stored): Settings {
  const present = presentVersion(stored.type);
  const from = versionOf(stored);
  if (present === undefined || from > present || stored.version === present) return {};
  const changes = { version: present };
  for (const step of STEPS[stored.type]?.slice(from - 1) ?? [])
    Object.assign(changes, step({ ...stored, ...changes }));
  return changes;
}

/** A step for fields that are new, each with what it meant that there was none. */
function adding(fields: Settings): Step {
  return (settings) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => settings[name] === undefined));
}
