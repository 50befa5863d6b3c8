// What the dialogs ask of the runtime: which resources a registry knows, and whether a broker can be reached.
import type { Request } from 'express';
import type { NodeAPI } from 'node-red';
import { DEFAULT_PREFIX } from '../../src/mqtt/arbiter-context';
import { systemClock } from '../../src/protocol';
import { toError } from '../shared/node-error';
import { findRegistry } from '../shared/registry-node';
import { expandText } from '../shared/setting';
import { remoteSettings } from './broker';
import type { RegistryCredentials } from './config';
import { type Trial, tryBroker } from './trial';

/** As many names as a list for completion can use. */
const MOST_NAMES = 5_000;
/** What the editor sends in place of a password that was not touched. */
const UNTOUCHED = '__PWRD__';

export function serveDialogs(RED: NodeAPI): void {
  const { httpAdmin, auth } = RED;
  httpAdmin.get(
    '/lock-registry/:id/resources',
    auth.needsPermission('lock-registry.read'),
    ({ params }, response) => {
      response.json(namesOf(RED, String(params.id)));
    },
  );
  // It may use the password that is deployed, towards any address: that is as much as who deploys can do.
  httpAdmin.post('/lock-registry/:id/try', auth.needsPermission('flows.write'), (request, response) => {
    attempt(RED, request).then(
      (trial) => response.json(trial),
      (error: unknown) => response.json({ isWell: false, text: toError(error).message }),
    );
  });
}

function namesOf(RED: NodeAPI, id: string): readonly string[] {
  const names: string[] = [];
  for (const { resource } of findRegistry(RED, id)?.states() ?? []) {
    names.push(resource);
    if (names.length === MOST_NAMES) break;
  }
  return names;
}

async function attempt(RED: NodeAPI, { params, body }: Request): Promise<Trial> {
  const id = String(params.id);
  const dialog = readDialog(body);
  const node = RED.nodes.getNode(id);
  const expand = (text: string) => expandText(RED, node, text);
  const { user, password } = dialog;
  const login = {
    user: expand(user),
    password: expand(password === UNTOUCHED ? deployedPassword(RED, id) : password),
  };
  return tryBroker(
    remoteSettings(RED, node, dialog, login),
    expand(dialog.prefix || DEFAULT_PREFIX),
    systemClock,
  );
}

/** What the dialog shows of a registry; anybody may have written it. */
function readDialog(body: unknown) {
  const fields: Readonly<Record<string, unknown>> = typeof body === 'object' ? { ...body } : {};
  const field = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  return {
    broker: field('broker') === 'node' ? ('node' as const) : ('url' as const),
    brokerNode: field('brokerNode'),
    url: field('url'),
    prefix: field('prefix'),
    user: field('user'),
    password: field('password'),
  };
}

function deployedPassword(RED: NodeAPI, id: string): string {
  const deployed: RegistryCredentials | undefined = RED.nodes.getCredentials(id);
  return deployed?.password ?? '';
}
