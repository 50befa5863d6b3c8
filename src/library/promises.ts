// What is there at once, and what comes later.

/** Whether there is something to wait for. */
export function isPromise<T>(value: unknown): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as Promise<T>).then === 'function';
}

/** A function that stops what runs, or what is only about to. */
export function stopperOf(answer: (() => void) | Promise<() => void>): () => void {
  if (typeof answer === 'function') return answer;
  let isStopped = false;
  let stop = () => {
    isStopped = true;
  };
  void answer.then((stopIt) => {
    if (isStopped) stopIt();
    else stop = stopIt;
  });
  return () => stop();
}
