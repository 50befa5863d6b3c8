// Starts Node-RED with the office-lights flow on this machine alone, and says where to look.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { ROOT, runOrExit } from './run';

const HOST = '127.0.0.1';
const PACKAGE = '@priority-redlock/node-red';
const FLOW = join(ROOT, 'examples/office-lights.json');
/** The flow as it is in the example; the copy that runs takes its port from the environment. */
const MQTT_PORT_IN_FLOW = '"1883"';

interface Place {
  readonly port: number;
  readonly mqttPort: number;
  readonly userDir: string;
}

async function start(): Promise<void> {
  const place: Place = {
    port: readPort('PORT', 1880),
    mqttPort: readPort('MQTT_PORT', 1883),
    userDir: resolve(ROOT, process.env.USER_DIR || '.user'),
  };
  if (place.port === place.mqttPort) refuse(`PORT and MQTT_PORT are both ${place.port}; choose two.`);
  await refuseTaken('PORT', place.port, 'Node-RED');
  await refuseTaken('MQTT_PORT', place.mqttPort, 'the MQTT broker');
  await buildIfNeeded();
  try {
    prepareUserDir(place);
  } catch (error) {
    refuse(`USER_DIR ${place.userDir} cannot be used: ${error instanceof Error ? error.message : error}`);
  }
  runNodeRed(place);
}

function readPort(name: string, otherwise: number): number {
  const text = process.env[name] || String(otherwise);
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  return refuse(`${name} is "${text}"; it must be a port between 1 and 65535.`);
}

/** Says which port is taken and what to do, before anything is built or written. */
async function refuseTaken(name: string, port: number, what: string): Promise<void> {
  const isFree = await new Promise<boolean>((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen(port, HOST, () => server.close(() => settle(true)));
  });
  if (isFree) return;
  refuse(
    `Port ${port} of ${HOST}, which ${what} wants, is taken. Stop what uses it, or choose another: ${name}=${port + 1} npm start`,
  );
}

async function buildIfNeeded(): Promise<void> {
  const built = join(ROOT, 'dist/nodes/acquire.js');
  const newest = Math.max(...['src', 'nodes', 'icons'].map((folder) => newestIn(join(ROOT, folder))));
  if (existsSync(built) && existsSync(join(ROOT, 'dist/browser.mjs')) && statSync(built).mtimeMs >= newest)
    return;
  console.log('Building; this takes some seconds …');
  await runOrExit('tsx', ['scripts/build.ts']);
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(...files.map((name) => statSync(join(folder, name)).mtimeMs));
}

/** The flow of an earlier start stays as its user left it. */
function prepareUserDir({ userDir }: Place): void {
  const link = join(userDir, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(ROOT, link, 'junction');
  const flows = join(userDir, 'flows.json');
  if (existsSync(flows)) return;
  const example = readFileSync(FLOW, 'utf8');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED replaces it when it reads the flow.
  writeFileSync(flows, example.replaceAll(MQTT_PORT_IN_FLOW, '"${MQTT_PORT}"'));
}

function runNodeRed({ port, mqttPort, userDir }: Place): void {
  const settings = join(__dirname, 'start-settings.cjs');
  const script = require.resolve('node-red/red.js');
  const child = spawn(process.execPath, [script, '--settings', settings, '--userDir', userDir], {
    env: { ...process.env, PORT: String(port), MQTT_PORT: String(mqttPort) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 0));
  child.on('error', (error) => refuse(`Node-RED does not start: ${error.message}`));
  showAndGreet(child, port, mqttPort);
}

function showAndGreet(child: ChildProcess, port: number, mqttPort: number): void {
  let isGreeted = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    if (isGreeted || !chunk.includes('Started flows')) return;
    isGreeted = true;
    console.log(greeting(port, mqttPort));
  });
}

function greeting(port: number, mqttPort: number): string {
  return `
  The office lights are running.

    editor   http://${HOST}:${port}/   press save energy, within two seconds motion detected,
             then security alarm, all clear, motion over
    broker   mqtt://${HOST}:${mqttPort}    watch it: mosquitto_sub -h ${HOST} -p ${mqttPort} -v -t '#'

  Ctrl+C ends it.
`;
}

function refuse(message: string): never {
  console.error(`\n${message}\n`);
  process.exit(1);
}

start().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
