// The locks of a registry, for programs, held to the rules of every place where locks live.
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import { HandClock } from '../support/hand-clock';
import { describeProtocol } from './protocol-suite';

describeProtocol('a registry, its clock turned by hand,', async () => {
  const clock = new HandClock();
  const registry = openRegistry({ broker: { kind: 'none' }, requester: 'house' }, { clock });
  await registry.ready;
  return {
    protocol: registry.protocol('program'),
    pass: (ms) => clock.advance(ms),
    stop: () => closeAllRegistries(),
  };
});
