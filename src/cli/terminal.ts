// Where the command says what it has done, and what went wrong.

export interface Terminal {
  say(line: string): void;
  complain(line: string): void;
}

export const terminal: Terminal = {
  say: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`priority-lock: ${line}\n`),
};
