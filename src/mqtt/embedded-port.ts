// Which process listens on a port of this machine, so that a taken one can be explained.
import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTENS = '0A';

/** `mosquitto (pid 123)`; `undefined` where the system does not tell: elsewhere than on Linux, or of another user's. */
export async function findListener(port: number): Promise<string | undefined> {
  const inodes = new Set(
    (await Promise.all(['tcp', 'tcp6'].map((table) => listeningInodes(table, port)))).flat(),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of await list('/proc')) {
    if (!/^\d+$/.test(pid) || !(await hasSocket(pid, inodes))) continue;
    const name = (await read(`/proc/${pid}/comm`)).trim();
    return `${name} (pid ${pid})`;
  }
  return undefined;
}

/** Lines as `1: 0100007F:075B 00000000:0000 0A … inode`: addresses in hex, the state, and in the tenth place the inode. */
async function listeningInodes(table: string, port: number): Promise<readonly string[]> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await read(`/proc/net/${table}`)).split('\n').slice(1);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(wanted) && fields[3] === LISTENS)
    .flatMap((fields) => fields[9] ?? []);
}

async function hasSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const fd of await list(folder)) {
    const inode = /^socket:\[(\d+)\]$/.exec(await readLink(`${folder}/${fd}`))?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

// Processes come and go, and those of others show nothing: what cannot be read is empty.

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function readLink(path: string): Promise<string> {
  return readlink(path).catch(() => '');
}

async function list(path: string): Promise<readonly string[]> {
  return readdir(path).catch(() => []);
}
