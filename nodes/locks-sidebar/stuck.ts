// What looks stuck, and why; the page looks again as time goes by.
import type { Row } from './shown';

export type Hint = 'lacksNode' | 'noLease' | 'blocks';

const DAY_MS = 86_400_000;
/** Others wait that long behind a hold without a lease before somebody should look. */
const BLOCKS_MS = 3_600_000;

/** `undefined` for what looks well. */
export function hintOf({ holder, waitingCount }: Row, nowMs: number): Hint | undefined {
  if (holder === undefined) return undefined;
  if (holder.lacksNode) return 'lacksNode';
  if (holder.expires !== undefined || holder.since === undefined) return undefined;
  const heldMs = nowMs - holder.since;
  if (heldMs >= DAY_MS) return 'noLease';
  return waitingCount > 0 && heldMs >= BLOCKS_MS ? 'blocks' : undefined;
}
