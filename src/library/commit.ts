// The promise of a transaction: as any other, and it can be told what to do when the lock is lost.
import type { Lock } from './lock';
import { type AcquireOptions, mergeOptions, refuse } from './options';
import type { RecoveryHandler } from './recovery';
import { type Transaction, TransactionRun } from './transaction';

/** What is chained to it can be told, too: `then(…).recover(…)` speaks of the transaction at the start of the chain. */
export interface CommitPromise<Value, Result, Chained = Result> extends Promise<Chained> {
  /**
   * Says what to do when the lock of the transaction is lost, or the wait for it times out or would be a deadlock: called
   * as often as that happens. The last handler that was given counts.
   */
  recover(handler: RecoveryHandler<Value, Result>): this;
  then<A = Chained, B = never>(
    onFulfilled?: ((value: Chained) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): CommitPromise<Value, Result, A | B>;
  catch<B = never>(
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): CommitPromise<Value, Result, Chained | B>;
  finally(onFinally?: (() => void) | null): CommitPromise<Value, Result, Chained>;
}

/** Starts a transaction. */
export function commit<Value, Result>(
  acquire: (options: AcquireOptions) => Promise<Lock>,
  value: Value,
  transaction: Transaction<Value, Result>,
  options: AcquireOptions | undefined,
): CommitPromise<Value, Result> {
  const run = new TransactionRun(acquire, value, transaction, mergeOptions(options));
  const promise = new Commit<Value, Result, Result>((resolve, reject) => {
    if (typeof transaction === 'function') run.run().then(resolve, reject);
    else reject(refuse('transaction', transaction, 'a generator function'));
  });
  promise.run = run;
  // `catch` and `finally` go through `then`, and give back what it gives back.
  return promise as unknown as CommitPromise<Value, Result>;
}

class Commit<Value, Result, Chained> extends Promise<Chained> {
  /** The run that this, or what it is chained to, is the promise of. */
  run: TransactionRun<Value, Result> | undefined;

  recover(handler: RecoveryHandler<Value, Result>): this {
    if (typeof handler !== 'function') throw refuse('handler', handler, 'a function');
    if (this.run !== undefined) this.run.onInterruption = handler;
    return this;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = Chained, B = never>(
    onFulfilled?: ((value: Chained) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Commit<Value, Result, A | B> {
    // The species of this promise is its own class.
    const chained = super.then(onFulfilled, onRejected) as Commit<Value, Result, A | B>;
    chained.run = this.run;
    return chained;
  }
}

/** Resumes the transaction whenever its lock was lost. */
export function alwaysResume<C extends CommitPromise<never, never, unknown>>(commit: C): C {
  return commit.recover((recovery) => recovery.resume());
}

/** Runs the transaction from its start whenever its lock was lost: it may never get to its end. */
export function alwaysRestart<C extends CommitPromise<never, never, unknown>>(commit: C): C {
  return commit.recover((recovery) => recovery.restart());
}
