// The config node lock-registry: says where the registry is and what its rules are. The registry itself outlives it.
import type { Node, NodeAPI } from 'node-red';
import { closeAllRegistries, openRegistry } from '../src/registry/open';
import type { Registry } from '../src/registry/registry';
import type { RegistryConfig, RegistryCredentials } from './lock-registry/config';
import { serveDialogs } from './lock-registry/routes';
import { registrySettings } from './lock-registry/settings';
import { shutdown } from './lock-registry/shutdown';
import { toError } from './shared/node-error';
import { presentSettings } from './shared/present-settings';

type LockRegistryNode = Node<RegistryCredentials> & { registry?: Registry };

export = (RED: NodeAPI): void => {
  shutdown.watch();
  serveDialogs(RED);

  function LockRegistry(this: LockRegistryNode, stored: RegistryConfig): void {
    RED.nodes.createNode(this, stored);
    const config = presentSettings(RED, this, stored);
    try {
      this.registry = openRegistry(registrySettings(RED, this, config), { log: logOf(RED) });
    } catch (error) {
      this.error(toError(error));
      return;
    }
    const { registry } = this;
    this.on('close', (done: () => void) => {
      // The deploy that closes this node most likely brings the next one; the end of Node-RED brings none.
      const closed = shutdown.isUnderWay ? closeAllRegistries() : registry.close();
      closed.then(done, (error: unknown) => {
        this.error(toError(error));
        done();
      });
    });
  }

  RED.nodes.registerType<LockRegistryNode, RegistryConfig, object, RegistryCredentials>(
    'lock-registry',
    LockRegistry,
    {
      credentials: { user: { type: 'text' }, password: { type: 'password' } },
    },
  );
};

/** The registry speaks also while no node is there for it. */
function logOf({ log }: NodeAPI) {
  return {
    info: (text: string) => log.info(`[lock-registry] ${text}`),
    warn: (text: string) => log.warn(`[lock-registry] ${text}`),
  };
}
