// As much of async-lock's types as the bench uses.
declare module 'async-lock' {
  class AsyncLock {
    acquire<T>(key: string, work: () => T | Promise<T>): Promise<T>;
  }
  export = AsyncLock;
}
