// Who may claim what, as the registry's settings say it: the arbiter keeps to it.
export type { PolicyRow } from '../mqtt/policy';
