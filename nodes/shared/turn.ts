// When everything that is now on its way to the next nodes has got there: the runtime passes messages on once a turn.

/** Calls back after the messages that were sent until now have been delivered. */
export function afterDelivery(callback: () => void): void {
  setImmediate(callback);
}
