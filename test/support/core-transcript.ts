// Transcripts of the lock table: a command on a line that begins with its time, then its exact events, one a line.
//
//   > 1500 claim motion kitchen,meeting priority=100 value="on" standing
//   granted motion token=1500
//   changed kitchen
//   changed meeting
//
//   > 1500 show kitchen
//   kitchen is held by motion, priority 100, value "on", claims motion
//
// The wall clock shows the same as the monotonic one, unless the command brings `wall=`.
import type { ClaimCommand, Command, Now, ResourceView } from '../../src/core';
import { eventLine } from './core-event-lines';
import type { Table } from './core-table';

type Options = Readonly<Record<string, unknown>>;

/** Runs the commands of a transcript; the same text with the lines that are true below each. */
export function runTranscript(text: string, table: Table): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('> ')) lines.push(line, ...runLine(line, table));
    else if (line === '' || line.startsWith('#')) lines.push(line);
  }
  return lines.join('\n');
}

function runLine(line: string, table: Table): string[] {
  const [time, verb, ...rest] = line.slice(2).split(' ');
  const names = rest.filter((word) => !word.includes('='));
  const options = Object.fromEntries(rest.filter((word) => word.includes('=')).map(readOption));
  if (verb === 'show') return names.map((name) => resourceLine(name, table.resource(name)));
  const command = readCommand(verb, names, options);
  const events = table.apply(command, readTime(Number(time), options));
  return events.length > 0 ? events.map(eventLine) : ['nothing'];
}

function readTime(monotonic: number, options: Options): Now {
  return { monotonic, wall: Number(options.wall ?? monotonic) };
}

/** `key=value`, the value in JSON if it is, else a word; `never` is Infinity. */
function readOption(word: string): [string, unknown] {
  const [key = '', ...rest] = word.split('=');
  const text = rest.join('=');
  if (text === 'never') return [key, Infinity];
  try {
    return [key, JSON.parse(text)];
  } catch {
    return [key, text];
  }
}

function readCommand(verb: string | undefined, [first = '', ...names]: string[], options: Options): Command {
  switch (verb) {
    case 'claim':
      return readClaim(first, names, options);
    case 'update':
      return { type: 'update', id: first, renew: names.includes('renew'), ...options };
    case 'release':
    case 'yield':
      return { type: verb, id: first };
    case 'force':
      return { type: 'forceRelease', resource: first, token: Number(options.token), by: String(options.by) };
    case 'end-session':
      return { type: 'endSession', session: first };
    case 'tick':
      return { type: 'tick' };
    default:
      throw new Error(`a transcript knows no command ${verb}`);
  }
}

function readClaim(id: string, [resources = '', ...flags]: string[], options: Options): ClaimCommand {
  const { holding, ...rest } = options;
  return {
    type: 'claim',
    id,
    resources: resources.split(','),
    locker: id,
    standing: flags.includes('standing'),
    preempt: !flags.includes('polite'),
    ...(holding !== undefined && { holding: String(holding).split(',') }),
    ...rest,
  };
}

function resourceLine(name: string, view: ResourceView | undefined): string {
  if (!view) return `${name} is free`;
  const value = view.value === undefined ? '' : `, value ${JSON.stringify(view.value)}`;
  const holder = `${view.state} by ${view.locker}, priority ${view.priority}${value}, claims ${view.claims.join(' ')}`;
  const waiting = view.waiting.map(({ id }) => id).join(' ');
  return `${name} is ${view.locker ? holder : 'free'}${waiting && `, waiting ${waiting}`}`;
}
