// Holds resources while a command runs, or leaves the claim standing when there is none.
import { LockError } from '../library';
import { errorText } from '../mqtt/error-text';
import type { Answer } from '../mqtt/messages';
import { randomName } from '../registry/chance';
import type { ConnectedLocks } from '../registry/connect-locks';
import { type HoldTask, type Place, UsageError } from './arguments';
import { connectAsDevice, connectAsSession } from './connect';
import { EXIT } from './exit-codes';
import { exitOfFailedStart, type Run, runCommand } from './run-command';
import { makeClaim, withdrawClaim } from './standing-claim';
import type { Terminal } from './terminal';

export function hold(place: Place, task: HoldTask, terminal: Terminal): Promise<number> {
  return task.command.length === 0 ? leaveStanding(place, task, terminal) : holdWhile(place, task, terminal);
}

async function holdWhile(place: Place, task: HoldTask, terminal: Terminal): Promise<number> {
  const locks = await connectAsSession(place);
  try {
    const { resources, locker = place.requester, value, ttl, timeout, grace, isPolite } = task;
    const lock = await locks.acquire(resources, locker, {
      ...{ priority: priorityOf(locks, task.priority), value, ttl, timeout, grace },
      ...(isPolite && { preempt: false }),
    });
    const run = runCommand(task.command, grace);
    let loss: unknown;
    lock.signal.addEventListener('abort', () => {
      loss = lock.signal.reason;
      terminal.complain(`the lock is lost: ${errorText(loss)}`);
      run.stop();
    });
    const code = await endOf(run, terminal);
    await lock.release();
    return loss === undefined ? code : EXIT.lost;
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    terminal.complain(`not granted: ${error.message}`);
    return EXIT.denied;
  } finally {
    await locks.close();
  }
}

/** What is no level there is known only now. */
function priorityOf(locks: ConnectedLocks, priority: number | string): number {
  try {
    return locks.priorityOf(priority);
  } catch (error) {
    throw new UsageError(`--priority: ${errorText(error)}`);
  }
}

async function endOf(run: Run, terminal: Terminal): Promise<number> {
  try {
    return await run.ended;
  } catch (error) {
    terminal.complain(errorText(error));
    return exitOfFailedStart(error);
  }
}

async function leaveStanding(place: Place, task: HoldTask, terminal: Terminal): Promise<number> {
  const device = await connectAsDevice(place);
  try {
    const { resources, locker, priority, value, ttl, timeout, grace, isPolite } = task;
    const answer = await makeClaim(device, {
      ...{ id: randomName(), resources, priority, grace },
      ...(locker !== undefined && { locker }),
      ...(value !== undefined && { value }),
      ...(ttl !== undefined && { ttl }),
      ...(timeout !== undefined && { timeout }),
      ...(isPolite && { preempt: false }),
    });
    if (answer !== undefined && isGoingOn(answer)) {
      terminal.say(tellStanding(answer));
      return 0;
    }
    await withdrawClaim(device, resources);
    terminal.complain(
      answer === undefined ? 'nobody who decides has answered' : `not granted: ${why(answer)}`,
    );
    return answer === undefined ? EXIT.unavailable : EXIT.denied;
  } finally {
    await device.connection.stop();
  }
}

function isGoingOn({ ended, result }: Answer): boolean {
  return ended === undefined && result !== 'error' && result !== 'denied';
}

function tellStanding({ result, resources, token, expires }: Answer): string {
  const what = resources.join(', ');
  if (result !== 'granted') return `${what}: waiting`;
  return `${what}: held, token ${token}${expires === undefined ? '' : `, until ${expires}`}`;
}

function why({ reason, detail }: Answer): string {
  return [reason, detail].filter((text) => text !== undefined).join(', ');
}
