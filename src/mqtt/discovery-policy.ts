// What Home Assistant may do once it is told of the resources: a rule like any other, in the settings for everybody to see.
import { HOME_ASSISTANT } from './discovery-message';
import { type Levels, manualPriority } from './levels';
import type { PolicyRow } from './policy';

const DAY_MS = 86_400_000;

/** The rules with one for Home Assistant before them, unless they have one for it by its name. */
export function withHomeAssistant(rows: readonly PolicyRow[], levels: Levels): readonly PolicyRow[] {
  if (rows.some(({ requester }) => requester === HOME_ASSISTANT)) return rows;
  const row: PolicyRow = {
    name: 'Home Assistant',
    requester: HOME_ASSISTANT,
    resource: '#',
    highest: manualPriority(levels),
    longestTtl: DAY_MS,
    mayForce: true,
  };
  return [row, ...rows];
}
