// The node release: lets go of what a message, other nodes, an owner or anybody holds.
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { type ReleaseConfig, type Releaser, releaser } from './release/releaser';
import { withoutLock } from './shared/lock-info';
import { NodeError, toError } from './shared/node-error';
import { presentSettings } from './shared/present-settings';
import { findRegistry, noRegistry } from './shared/registry-node';
import { isPromise } from './shared/setting';
import { StatusLine, status, translator } from './shared/status-text';

type Pass = (msg: NodeMessage) => void;
type Done = (error?: Error) => void;

export = (RED: NodeAPI): void => {
  const t = translator((key) => RED._(key));

  function ReleaseNode(this: Node, stored: ReleaseConfig): void {
    RED.nodes.createNode(this, stored);
    const config = presentSettings(RED, this, stored);
    try {
      const registry = findRegistry(RED, config.registry);
      if (registry === undefined) throw noRegistry(RED);
      listen(this, config, releaser(RED, this, config, registry));
    } catch (error) {
      this.status(status('red', 'ring', t('release.status.misconfigured')));
      this.error(error);
      this.on('input', (_msg, _send, done) => done(toError(error)));
    }
  }

  function listen(node: Node, config: ReleaseConfig, release: Releaser): void {
    const line = new StatusLine((shown) => node.status(shown));
    line.show(status('grey', 'dot', t('release.status.idle')));
    node.on('input', (msg, send, done) => {
      const fail = (error: unknown) => {
        line.show(status('red', 'ring', t('release.status.error')));
        done(toError(error));
      };
      const tell = (count: number) => report(line, config, count, msg, send, done);
      try {
        const count = release(msg);
        if (isPromise(count)) count.then(tell).catch(fail);
        else tell(count);
      } catch (error) {
        fail(error);
      }
    });
  }

  function report(
    line: StatusLine,
    { mode, nothing }: ReleaseConfig,
    count: number,
    msg: NodeMessage,
    send: Pass,
    done: Done,
  ): void {
    if (count > 0) {
      const text = mode === 'force' ? 'release.status.freed' : 'release.status.released';
      line.show(status('green', 'dot', t(text)));
    } else {
      line.show(status('yellow', 'ring', t('release.status.nothing')));
      if (nothing === 'error') {
        done(new NodeError('nothing-to-release', RED._('release.error.nothing')));
        return;
      }
    }
    send((mode || 'lock') === 'lock' ? withoutLock(msg) : msg);
    done();
  }

  RED.nodes.registerType('release', ReleaseNode);
};
