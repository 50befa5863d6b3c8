// Run by a test as a process of its own: connections that were at work, at connecting and at waiting are stopped, and
// nothing may keep the process from ending after that.
import { MqttConnection } from '../../src/mqtt/connection';
import { systemClock } from '../../src/protocol/system-clock';
import { connected, record } from './mqtt-transport';

async function run(brokerUrl: string, deadUrl: string): Promise<void> {
  const chance = { clock: systemClock, random: () => 0.5 };
  const working = await connected(new MqttConnection({ url: brokerUrl, clientId: 'child 1', ...chance }));
  const connecting = new MqttConnection({ url: brokerUrl, clientId: 'child 2', ...chance });
  connecting.start();
  const hopeless = new MqttConnection({ url: deadUrl, clientId: 'child 3', ...chance });
  const recorded = record(hopeless);
  hopeless.start();
  await recorded.until(({ connections }) => connections.length === 1);
  await Promise.all([working.stop(), connecting.stop(), hopeless.stop()]);
  console.log('stopped');
}

const [, , brokerUrl = '', deadUrl = ''] = process.argv;
void run(brokerUrl, deadUrl);
