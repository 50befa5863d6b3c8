// What can become of a claim, and what the audit stream tells: every name once.
import type { AnswerResult, AuditEvent } from './messages';

export const RESULTS: Readonly<Record<AnswerResult, true>> = {
  granted: true,
  queued: true,
  denied: true,
  revoking: true,
  lost: true,
  requeued: true,
  released: true,
  error: true,
};

export const EVENTS: Readonly<Record<AuditEvent['event'], true>> = {
  ...RESULTS,
  forced: true,
  'force-denied': true,
  purged: true,
};
