// What many simulated histories come to.

export interface Figures {
  readonly seeds: number;
  readonly violations: number;
  /** Simulated ms. */
  readonly time: number;
  readonly steps: number;
  readonly grants: number;
  readonly takeovers: number;
  /** Holds that overlapped as the hand-over timeout allows. */
  readonly overlaps: number;
  /** How many, by kind. */
  readonly faults: Readonly<Record<string, number>>;
}

export const NO_FIGURES: Figures = {
  ...{ seeds: 0, violations: 0, time: 0, steps: 0, grants: 0, takeovers: 0, overlaps: 0, faults: {} },
};

export function addUp(left: Figures, right: Figures): Figures {
  const faults = { ...left.faults };
  for (const [kind, count] of Object.entries(right.faults)) faults[kind] = (faults[kind] ?? 0) + count;
  return {
    seeds: left.seeds + right.seeds,
    violations: left.violations + right.violations,
    time: left.time + right.time,
    steps: left.steps + right.steps,
    grants: left.grants + right.grants,
    takeovers: left.takeovers + right.takeovers,
    overlaps: left.overlaps + right.overlaps,
    faults,
  };
}

/** `elapsed` is how long it took, in ms. */
export function spellFigures(figures: Figures, elapsed: number): string {
  const { seeds, violations, time, steps, grants, takeovers, overlaps, faults } = figures;
  const sorted = Object.entries(faults).sort(([, left], [, right]) => right - left);
  const allFaults = sorted.reduce((sum, [, count]) => sum + count, 0);
  return [
    `${seeds} seeds, ${(time / 3_600_000).toFixed(1)} simulated hours, ${violations} violations`,
    `${steps} events (${Math.round(steps / (elapsed / 1_000))}/s), ${grants} grants, ${takeovers} takeovers, ${overlaps} allowed overlaps`,
    `${allFaults} faults: ${sorted.map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
  ].join('\n  ');
}
