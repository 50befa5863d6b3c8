// The node acquire: takes resources for a locker, and tells the flow when they are its own and when no longer.
import type { Node, NodeAPI } from 'node-red';
import { systemClock } from '../src/protocol';
import { Acquirer, type Front } from './acquire/acquirer';
import type { AcquireConfig } from './acquire/config';
import { Errand, toOutput } from './acquire/errand';
import { enter } from './acquire/present';
import { acquireSettings } from './acquire/settings';
import { Kept } from './shared/kept';
import { toError } from './shared/node-error';
import { pathOf } from './shared/node-place';
import { onceStarted } from './shared/once-started';
import { presentSettings } from './shared/present-settings';
import { findRegistry, noRegistry } from './shared/registry-node';
import { status } from './shared/status-text';

const kept = new Kept<Acquirer>((acquirer) => acquirer.end());

export = (RED: NodeAPI): void => {
  function AcquireNode(this: Node, stored: AcquireConfig): void {
    RED.nodes.createNode(this, stored);
    const config = presentSettings(RED, this, stored);
    const earlier = kept.take(pathOf(this));
    try {
      const acquirer = acquirerFor(this, config, earlier);
      wire(this, acquirer);
    } catch (error) {
      earlier?.end();
      refuse(this, toError(error));
    }
  }

  /** The earlier one of this node where it has the same registry, else a new one. Throws without a registry. */
  function acquirerFor(node: Node, config: AcquireConfig, earlier: Acquirer | undefined): Acquirer {
    const registry = findRegistry(RED, config.registry);
    if (registry === undefined) throw noRegistry(RED);
    const settings = acquireSettings(RED, node, config, registry.levels);
    if (earlier !== undefined && earlier.registry !== registry) earlier.end();
    const acquirer =
      earlier?.registry === registry
        ? earlier
        : new Acquirer({ RED, registry, path: pathOf(node), clock: systemClock });
    acquirer.attach(frontOf(node), settings);
    return acquirer;
  }

  function wire(node: Node, acquirer: Acquirer): void {
    const leave = enter(pathOf(node), acquirer);
    const callOff = onceStarted(RED.events, () => acquirer.open());
    node.on('input', (msg, send, done) => acquirer.receive(new Errand(msg, send, done)));
    node.on('close', (removed: boolean, done: () => void) => {
      callOff();
      leave();
      if (removed) acquirer.end();
      else {
        acquirer.detach();
        kept.leave(pathOf(node), acquirer, RED.events);
      }
      done();
    });
  }

  /** A node that cannot work says so, also to each message. */
  function refuse(node: Node, error: Error): void {
    node.status(status('red', 'ring', RED._('acquire.status.misconfigured')));
    node.error(error);
    node.on('input', (_msg, _send, done) => done(error));
  }

  RED.nodes.registerType('acquire', AcquireNode);
};

function frontOf(node: Node): Front {
  return {
    send: (output, msg) => node.send(toOutput(output, msg)),
    fail: (error, msg) => node.error(error, msg),
    status: (shown) => node.status(shown),
  };
}
