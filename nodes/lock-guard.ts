// The node lock-guard: lets a message go on only while the claim in its `msg.lock` is still held.
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asLock } from './shared/lock-info';
import { presentSettings } from './shared/present-settings';
import { findRegistry, noRegistry } from './shared/registry-node';
import { StatusLine, status, translator } from './shared/status-text';

interface GuardConfig extends NodeDef {
  readonly registry: string;
}

export = (RED: NodeAPI): void => {
  const t = translator((key) => RED._(key));

  function LockGuardNode(this: Node, config: GuardConfig): void {
    RED.nodes.createNode(this, config);
    const registry = findRegistry(RED, presentSettings(RED, this, config).registry);
    if (registry === undefined) {
      this.status(status('red', 'ring', RED._('lock-guard.status.misconfigured')));
      this.on('input', (_msg, _send, done) => done(noRegistry(RED)));
      return;
    }
    const line = new StatusLine((shown) => this.status(shown));
    this.on('input', (msg, send, done) => {
      const isHeld = registry.find(String(asLock(msg.lock)?.id))?.isHeld() === true;
      line.show(
        isHeld
          ? status('green', 'dot', t('lock-guard.status.passed'))
          : status('red', 'ring', t('lock-guard.status.stopped')),
      );
      send(isHeld ? [msg, null] : [null, msg]);
      done();
    });
  }

  RED.nodes.registerType('lock-guard', LockGuardNode);
};
