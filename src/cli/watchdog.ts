// Ends a command also when we are killed in a way that nobody can catch: a shell waits beside us for the end of a pipe that
// only we hold, and the end of this process, however it comes, closes it.
import { spawn } from 'node:child_process';

/** Reads which process it is, waits for the end, asks that process to end, and kills it when it is still there $1 s later. */
const SCRIPT = `
  read -r pid || exit
  read -r _
  kill -TERM "$pid" 2>/dev/null || exit
  left="$1"
  while [ "$left" -gt 0 ]; do
    sleep 1
    kill -0 "$pid" 2>/dev/null || exit
    left=$((left - 1))
  done
  kill -KILL "$pid"`;

export interface Watchdog {
  watch(pid: number): void;
  stop(): void;
}

/**
 * Starts one, before the command, so that nothing comes between. `graceMs` is what the command has to wind down. Where
 * there is no such shell, as on Windows, nothing watches.
 */
export function startWatchdog(graceMs: number): Watchdog {
  const parameters = ['-c', SCRIPT, 'priority-lock', String(Math.ceil(graceMs / 1_000))];
  // In a group of its own: what a terminal tells us and the command is not meant for it.
  const shell = spawn('/bin/sh', parameters, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const passOver = () => undefined;
  shell.on('error', passOver);
  shell.stdin.on('error', passOver);
  return {
    watch: (pid) => void shell.stdin.write(`${pid}\n`),
    stop: () => void shell.kill('SIGKILL'),
  };
}
