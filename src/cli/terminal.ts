// Where the command says what it has done, and what went wrong.
import { exitBySignal } from './exit-codes';

export interface Terminal {
  say(line: string): void;
  complain(line: string): void;
}

// Whoever read our output has had enough, as `head` has: that ends us as it ends others.
process.stdout.on('error', () => process.exit(exitBySignal('SIGPIPE')));

export const terminal: Terminal = {
  say: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`priority-lock: ${line}\n`),
};
