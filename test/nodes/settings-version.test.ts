import assert from 'node:assert/strict';
import { changesIn, presentVersion, versionOf } from '../../nodes/shared/settings-version';
import { acquire, node, resources, TAB } from '../support/lock-flow';
import { type FlowNode, type RunningFlow, runWholeFlow, settled } from '../support/node-red';

const TYPES = ['acquire', 'release', 'lock-guard', 'lock-status', 'lock-registry'];
const REGISTRY = { id: 'registry', type: 'lock-registry', broker: 'none', prefix: 'house' };

describe('the number of settings', () => {
  it('is 1 where there is none', () => {
    assert.equal(versionOf({ type: 'acquire' }), 1);
    for (const version of [undefined, null, '', '3', 0, -1, Number.NaN])
      assert.equal(versionOf({ type: 'acquire', version }), 1, String(version));
    assert.equal(versionOf({ type: 'acquire', version: 2 }), 2);
  });

  it('is known for each of our nodes, and no others', () => {
    for (const type of TYPES) assert.ok(Number(presentVersion(type)) >= 1, type);
    for (const type of ['inject', 'toString', '']) assert.equal(presentVersion(type), undefined, type);
  });

  it('comes along with what the fields meant that were not there yet', () => {
    assert.deepEqual(changesIn({ type: 'acquire' }), {
      version: 2,
      manual: false,
      reported: 'payload',
      settle: '2',
      settleUnit: 's',
    });
    assert.deepEqual(changesIn({ type: 'lock-registry' }), {
      version: 2,
      decide: 'alone',
      failoverDelay: '',
      session: '',
      handoverTimeout: '',
      homeAssistant: false,
      discoveryPrefix: '',
    });
    assert.deepEqual(changesIn({ type: 'release' }), { version: 1 });
  });

  it('leaves the fields that are there, also empty ones', () => {
    const stored = { type: 'acquire', manual: true, reported: '', settle: '5', settleUnit: undefined };
    assert.deepEqual(changesIn(stored), { version: 2, settleUnit: 's' });
  });

  it('changes nothing of the present, of a later version, and of the nodes of others', () => {
    for (const type of TYPES) {
      const present = Number(presentVersion(type));
      assert.deepEqual(changesIn({ type, version: present }), {});
      assert.deepEqual(changesIn({ type, version: present + 1 }), {});
    }
    assert.deepEqual(changesIn({ type: 'inject' }), {});
  });
});

describe('a flow that another version has saved', () => {
  let flow: RunningFlow;

  afterEach(() => flow.stop());

  async function run(change: Readonly<Record<string, unknown>>): Promise<void> {
    const nodes: readonly FlowNode[] = [
      { ...REGISTRY, ...change },
      ...acquire('motion', { ...resources('lamp'), ...change }),
      ...node('release', 'release', 1, { nodes: ['motion'], ...change }),
      ...node('lock-guard', 'guard', 2, change),
      ...node('lock-status', 'status', 1, { resource: 'lamp', ...change }),
    ];
    flow = await runWholeFlow([TAB, ...nodes]);
    flow.send('motion');
    await flow.next('motion.1');
    await settled();
  }

  it('works as it did, without a word', async () => {
    await run({});
    assert.equal(flow.status('motion')?.text, 'mine');
    for (const id of ['registry', 'motion', 'release', 'guard', 'status'])
      assert.deepEqual(flow.warnings(id), [], id);
  });

  it('warns of settings that only a later one knows, with both numbers', async () => {
    await run({ version: 7 });
    assert.equal(flow.status('motion')?.text, 'mine');
    for (const id of ['registry', 'motion', 'release', 'guard', 'status']) {
      const [warning, ...others] = flow.warnings(id);
      assert.match(String(warning), /later version .* have the number 7, .* up to [12]\. Update/, id);
      assert.deepEqual(others, []);
    }
  });
});
