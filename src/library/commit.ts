// The promise of a transaction: as any other, and it can be told what to do when the lock is lost.
import type { Lock } from './lock';
import { type AcquireOptions, refuse } from './options';
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
  options: AcquireOptions,
): CommitPromise<Value, Result> {
  const run = new TransactionRun(acquire, value, transaction, options);
  const started = new Commit<Value, Result, Result>((resolve, reject) => {
    if (typeof transaction === 'function') run.run().then(resolve, reject);
    else reject(refuse('transaction', transaction, 'a generator function'));
  });
  return started.about(run);
}

class Commit<Value, Result, Chained>
  extends Promise<Chained>
  implements CommitPromise<Value, Result, Chained>
{
  /** The run that this, or what it is chained to, is the promise of. */
  #run: TransactionRun<Value, Result> | undefined;

  about(run: TransactionRun<Value, Result> | undefined): this {
    this.#run = run;
    return this;
  }

  recover(handler: RecoveryHandler<Value, Result>): this {
    if (typeof handler !== 'function') throw refuse('handler', handler, 'a function');
    if (this.#run !== undefined) this.#run.onInterruption = handler;
    return this;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = Chained, B = never>(
    onFulfilled?: ((value: Chained) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Commit<Value, Result, A | B> {
    // The species of this promise is its own class.
    const chained = super.then(onFulfilled, onRejected) as Commit<Value, Result, A | B>;
    return chained.about(this.#run);
  }

  override catch<B = never>(
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Commit<Value, Result, Chained | B> {
    return this.then(undefined, onRejected);
  }

  override finally(onFinally?: (() => void) | null): Commit<Value, Result, Chained> {
    return super.finally(onFinally) as Commit<Value, Result, Chained>;
  }
}

/** Resumes the transaction whenever its lock was lost. */
export function alwaysResume<Value, Result, Chained>(
  commit: CommitPromise<Value, Result, Chained>,
): CommitPromise<Value, Result, Chained> {
  return commit.recover((recovery) => recovery.resume());
}

/** Runs the transaction from its start whenever its lock was lost: it may never get to its end. */
export function alwaysRestart<Value, Result, Chained>(
  commit: CommitPromise<Value, Result, Chained>,
): CommitPromise<Value, Result, Chained> {
  return commit.recover((recovery) => recovery.restart());
}
