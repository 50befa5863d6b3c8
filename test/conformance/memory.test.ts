// The protocol in this process, held to the rules by a clock that is turned by hand, and by the real one.
import { createMemoryProtocol, systemClock } from '../../src/protocol';
import { HandClock } from '../support/hand-clock';
import { describeProtocol } from './protocol-suite';

describeProtocol('the memory protocol, its clock turned by hand,', () => {
  const clock = new HandClock();
  return {
    protocol: createMemoryProtocol({ clock }),
    pass: (ms) => clock.advance(ms),
    stop: async () => undefined,
  };
});

describeProtocol('the memory protocol, by the real clock,', () => ({
  protocol: createMemoryProtocol(),
  pass: (ms) => new Promise((resolve) => systemClock.setTimer(ms, resolve)),
  stop: async () => undefined,
}));
