// Brings what the tests need besides `npm ci`: Node-RED 5 with its Node, a broker, its clients, a browser, a model checker, and Python.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { NODE_RED_5 } from '../test/support/node-red-runtimes';
import { findPython } from '../test/support/python-tools';
import { runOrExit } from './run';

/** Programs that tests start, with the Debian package that brings each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  mosquitto: 'mosquitto',
  mosquitto_passwd: 'mosquitto',
  mosquitto_pub: 'mosquitto-clients',
  mosquitto_sub: 'mosquitto-clients',
  chromium: 'chromium',
  openssl: 'openssl',
  spin: 'spin',
  gcc: 'gcc',
};

/** The Python program of the tests needs a package, and a Python that has it. */
const PYTHON = 'Python with paho-mqtt';
const PYTHON_PACKAGE = 'python3-paho-mqtt';

/** Installs what is missing, or says what is and ends this process. */
export async function prepareTests(): Promise<void> {
  await installPrograms();
  const { home, node } = NODE_RED_5;
  if (!isInstalled(home))
    await runOrExit('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home });
  if (!existsSync(node))
    fail(`npm has brought no Node for ${process.platform} ${process.arch}: ${node} is missing.`);
}

async function installPrograms(): Promise<void> {
  const missing = Object.keys(PROGRAMS).filter((program) => find(program) === undefined);
  if (findPython() === undefined) missing.push(PYTHON);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PROGRAMS[program] ?? PYTHON_PACKAGE))];
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || find('apt-get') === undefined) {
    fail(
      `The tests need ${missing.join(', ')}.\n` +
        `On Debian and Ubuntu: sudo apt-get install ${packages.join(' ')}\n` +
        'Elsewhere: put programs of these names into the PATH.',
    );
  }
  console.log(`The tests need ${missing.join(', ')}: installing ${packages.join(', ')} with apt-get.`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runOrExit('apt-get', ['update', '-q'], { env });
  await runOrExit('apt-get', ['install', '-qy', '--no-install-recommends', ...packages], { env });
}

/** Debian keeps servers where only root looks. */
function find(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether npm has installed exactly what the lock file of this folder says. */
function isInstalled(folder: string): boolean {
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  return statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs;
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
