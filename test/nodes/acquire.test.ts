// The node acquire in a real runtime: its outputs, msg.lock, what ends a message, and its statuses.
import assert from 'node:assert/strict';
import { HandClock } from '../support/hand-clock';
import { acquire, flowOf, lease, level, node, value } from '../support/lock-flow';
import { type RunningFlow, runFlow, settled } from '../support/node-red';
import { TableRegistry } from '../support/table-registry';

describe('acquire', () => {
  let clock: HandClock;
  let registry: TableRegistry;
  let flow: RunningFlow;

  const run = async (...nodes: Parameters<typeof flowOf>) => {
    flow = await runFlow(flowOf(...nodes), { registry });
  };

  beforeEach(() => {
    clock = new HandClock();
    registry = new TableRegistry(clock);
  });

  afterEach(() => flow.stop());

  it('passes the message on through output 1 with only msg.lock added', async () => {
    await run(acquire('motion', { ...level(100), ...value('on') }));
    flow.send('motion', { payload: 'someone', topic: 'hall' });
    const { lock, _msgid, ...rest } = await flow.next('motion.1');
    assert.deepEqual(rest, { payload: 'someone', topic: 'hall' });
    const { id, since, ...told } = lock as Record<string, unknown>;
    assert.equal(typeof id, 'string');
    assert.ok(!Number.isNaN(Date.parse(String(since))));
    assert.deepEqual(told, {
      resources: ['lamp'],
      locker: 'motion node',
      priority: 100,
      level: 'motion',
      value: 'on',
      token: clock.wall,
      state: 'held',
    });
  });

  it('tells the loser, and tells it again when it has the resource back', async () => {
    await run(acquire('motion', level(100)), acquire('alarm', level(900)), node('release', 'over', 1));
    flow.send('motion', { payload: 'on', req: {}, res: {}, _linkSource: [] });
    await flow.next('motion.1');
    flow.send('alarm');
    const alarm = await flow.next('alarm.1');
    const { lock: gone } = (await flow.next('motion.2')) as { lock: Record<string, unknown> };
    assert.equal(gone.state, 'waiting');
    assert.equal(gone.reason, 'preempted');
    assert.deepEqual((gone.next as { locker: string }).locker, 'alarm node');
    flow.send('over', alarm);
    const back = await flow.next('motion.1');
    assert.equal((back.lock as Record<string, unknown>).regained, true);
    assert.deepEqual(Object.keys(back).sort(), ['_msgid', 'lock', 'payload']);
    assert.equal(back.payload, 'on');
  });
  it('shows statuses', async () => {
    await run(acquire('motion', { ...level(100), ...lease(600) }), acquire('alarm', level(900)));
    flow.send('motion');
    await settled();
    flow.send('alarm');
    await settled();
    console.log(flow.statuses('motion'), flow.statuses('alarm'));
  });
});
