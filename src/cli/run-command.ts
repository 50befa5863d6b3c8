// Runs a command for as long as it may run: told to stop, it gets SIGTERM, and SIGKILL when its time to wind down is over.
import { type ChildProcess, spawn } from 'node:child_process';
import { systemClock, type Timer } from '../protocol';
import { EXIT, exitBySignal } from './exit-codes';
import { startWatchdog } from './watchdog';

export interface Run {
  /** Resolves to its exit code as a shell tells it; rejects if it cannot be started. */
  readonly ended: Promise<number>;
  /** Ends it: at once politely, after its grace in any case. */
  stop(): void;
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The command shares our input and output. Signals to us are passed on to it, and it does not outlive us. */
export function runCommand([file = '', ...parameters]: readonly string[], graceMs: number): Run {
  const watchdog = startWatchdog(graceMs);
  // As soon as the command runs it may be told something.
  const forward = (signal: NodeJS.Signals) => void child?.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  let child: ChildProcess | undefined;
  let killing: Timer | undefined;
  const ended = new Promise<number>((resolve, reject) => {
    // Throws at once where the system does not take its name, or all that it is told.
    child = spawn(file, parameters, { stdio: 'inherit' });
    if (child.pid !== undefined) watchdog.watch(child.pid);
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? exitBySignal(signal ?? 'SIGKILL')));
  });
  return {
    ended: ended.finally(() => {
      killing?.cancel();
      watchdog.stop();
      for (const signal of FORWARDED) process.off(signal, forward);
    }),
    stop() {
      child?.kill('SIGTERM');
      killing ??= systemClock.setTimer(graceMs, () => void child?.kill('SIGKILL'));
    },
  };
}

/** The exit code of a shell for a command that is not there, or may not be run. */
export function exitOfFailedStart(error: unknown): number {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 127;
  return code === 'EACCES' ? 126 : EXIT.usage;
}
