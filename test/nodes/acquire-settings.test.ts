import assert from 'node:assert/strict';
import { acquire, type Change, flowOf, level, TAB } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';

describe('the settings of acquire', () => {
  const scene = useScene();

  const lockFor = async (change: Change, msg = {}) => {
    await scene.run(acquire('motion', change));
    scene.flow.send('motion', msg);
    return scene.lock('motion.1');
  };

  const errorFor = async (change: Change, msg = {}) => {
    await scene.run(acquire('motion', change));
    scene.flow.send('motion', msg);
    const { error } = (await scene.flow.next('errors')) as { error: { code: string; message: string } };
    assert.equal(error.code, 'invalid');
    return error.message;
  };

  describe('take the resource', () => {
    const one = (v: string, t: string) => ({ resources: [{ v, t }] });

    it('from text', async () => {
      assert.deepEqual((await lockFor(one('lamp', 'str'))).resources, ['lamp']);
    });

    it('from the message, where a number counts as its digits', async () => {
      assert.deepEqual((await lockFor(one('room', 'msg'), { room: 7 })).resources, ['7']);
    });

    it('from a part of the message', async () => {
      const { resources } = await lockFor(one('room.name', 'msg'), { room: { name: 'hall' } });
      assert.deepEqual(resources, ['hall']);
    });

    it('from a part of what the message does not have', async () => {
      assert.match(await errorFor(one('room.name', 'msg')), /^Error: the resource is missing/);
    });

    it('from an expression that may fail with a message', async () => {
      const message = await errorFor(one('$lowercase(room)', 'jsonata'), { room: 7 });
      assert.match(message, /^Error: the resource cannot be read: Argument 1 of function "lowercase"/);
    });

    it('from a property that is none', async () => {
      assert.match(await errorFor(one('room..name', 'msg')), /^Error: the resource cannot be read: Invalid/);
    });

    it('from a list, in which nothing counts twice', async () => {
      const { resources } = await lockFor(one('rooms', 'msg'), { rooms: ['a', 'b', 'a'] });
      assert.deepEqual(resources, ['a', 'b']);
    });

    it('from an expression', async () => {
      assert.deepEqual((await lockFor(one('"lamp/" & room', 'jsonata'), { room: 'hall' })).resources, [
        'lamp/hall',
      ]);
    });

    it('from an environment variable', async () => {
      process.env.REDLOCK_TEST_ROOM = 'attic';
      assert.deepEqual((await lockFor(one('REDLOCK_TEST_ROOM', 'env'))).resources, ['attic']);
    });

    it('from text with environment variables anywhere in it', async () => {
      process.env.REDLOCK_TEST_ROOM = 'attic';
      const { resources } = await lockFor(one('lights/${REDLOCK_TEST_ROOM}/lamp', 'str'));
      assert.deepEqual(resources, ['lights/attic/lamp']);
    });

    it('from the flow and the global context', async () => {
      await scene.run(
        acquire('motion', {
          resources: [
            { v: 'one', t: 'flow' },
            { v: 'other', t: 'global' },
          ],
        }),
      );
      scene.flow.context('motion').flow.set('one', 'lamp');
      scene.flow.context('motion').global.set('other', 'blind');
      scene.flow.send('motion');
      assert.deepEqual((await scene.lock('motion.1')).resources, ['lamp', 'blind']);
    });

    it('and name it when it is none', async () => {
      assert.match(
        await errorFor(one('room', 'msg'), { room: {} }),
        /^Error: the resource is an object: it should be/,
      );
    });

    it('and say so when an expression fails', async () => {
      await scene.run(acquire('motion', one('$nothing(1)', 'jsonata')));
      scene.flow.send('motion');
      assert.match(String(((await scene.flow.next('errors')).error as Error).message), /function/);
    });
  });

  describe('take the level', () => {
    it('by its id', async () => {
      const { priority, level: name } = await lockFor({ level: 'security', levelType: 'level' });
      assert.deepEqual([priority, name], [900, 'security']);
    });

    it('as a number without a name', async () => {
      const lock = await lockFor(level(7));
      assert.equal(lock.priority, 7);
      assert.equal('level' in lock, false);
    });

    it('from the message, as a number or a name', async () => {
      const change = { level: 'wanted', levelType: 'msg' };
      assert.equal((await lockFor(change, { wanted: 'Weather' })).priority, 800);
    });

    it('and name it when there is none', async () => {
      const message = await errorFor({ level: 'urgent', levelType: 'level' });
      assert.match(
        message,
        /^Error: the level is "urgent": it should be a number or one of life-safety, security,/,
      );
    });
  });

  describe('take the value', () => {
    it('from the payload, as a copy that nobody changes afterwards', async () => {
      await scene.run(acquire('motion', { value: 'payload', valueType: 'msg' }));
      scene.flow.send('motion', { payload: { brightness: 40 } });
      const msg = await scene.flow.next('motion.1');
      Object.assign(msg.payload as object, { brightness: 0 });
      assert.deepEqual(scene.registry.state('lamp').value, { brightness: 40 });
    });

    for (const [type, text, expected] of [
      ['json', '{"brightness":40}', { brightness: 40 }],
      ['num', '40', 40],
      ['bool', 'true', true],
      ['str', 'on', 'on'],
    ] as const) {
      it(`of the type ${type}`, async () => {
        assert.deepEqual((await lockFor({ value: text, valueType: type })).value, expected);
      });
    }

    it('or none: then it is a plain lock', async () => {
      assert.equal('value' in (await lockFor({ valueType: 'none' })), false);
    });

    it('and refuse what JSON does not know', async () => {
      const change = { value: 'payload', valueType: 'msg' };
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      assert.match(
        await errorFor(change, { payload: circle }),
        /^Error: the value is an object: it should be a JSON value/,
      );
    });

    it('and refuse a function', async () => {
      const change = { value: 'payload', valueType: 'msg' };
      assert.match(
        await errorFor(change, { payload: () => 1 }),
        /^Error: the value is a function: it should be a JSON value/,
      );
    });
  });

  describe('take the lease', () => {
    const expires = (seconds: number) => new Date(scene.clock.wall + seconds * 1000).toISOString();

    it('with its unit', async () => {
      assert.equal((await lockFor({ ttl: '2', ttlType: 'num', ttlUnit: 'h' })).expires, expires(7200));
    });

    it('from the message, in the same unit', async () => {
      const change = { ttl: 'minutes', ttlType: 'msg', ttlUnit: 'min' };
      assert.equal((await lockFor(change, { minutes: 3 })).expires, expires(180));
    });

    it('and refuse one that has no length', async () => {
      const change = { ttl: 'minutes', ttlType: 'msg', ttlUnit: 'min' };
      assert.match(
        await errorFor(change, { minutes: 'soon' }),
        /^Error: how long it is wanted for is "soon"/,
      );
    });
  });

  describe('take the owner', () => {
    it('from the name of the node', async () => {
      assert.equal((await lockFor({})).locker, 'motion node');
    });

    it('from its id where it has no name', async () => {
      assert.equal((await lockFor({ name: '' })).locker, 'motion');
    });

    it('from text with environment variables', async () => {
      process.env.REDLOCK_TEST_ROOM = 'attic';
      assert.equal((await lockFor({ owner: 'motion in ${REDLOCK_TEST_ROOM}' })).locker, 'motion in attic');
    });

    it('which two nodes may share: then they hold together', async () => {
      await scene.run(acquire('one', { owner: 'we' }), acquire('other', { owner: 'we' }));
      scene.flow.send('one');
      scene.flow.send('other');
      assert.equal((await scene.lock('other.1')).state, 'held');
      assert.deepEqual(scene.untold('one'), [1, 0, 0, 0]);
    });
  });

  describe('let msg.acquire override them', () => {
    const override: Change = { override: true };

    it('not by default', async () => {
      assert.deepEqual((await lockFor({}, { acquire: { resource: 'other' } })).resources, ['lamp']);
    });

    it('when that is ticked', async () => {
      const lock = await lockFor(override, {
        acquire: {
          resource: 'other',
          priority: 'security',
          value: { brightness: 1 },
          ttl: 5000,
          locker: 'somebody',
          timeout: 1000,
          grace: 100,
          preempt: false,
          once: true,
        },
      });
      assert.deepEqual(
        [lock.resources, lock.priority, lock.value, lock.locker],
        [['other'], 900, { brightness: 1 }, 'somebody'],
      );
      const { message } = scene.registry.find(lock.id) ?? {};
      assert.deepEqual(
        [message?.ttl, message?.timeout, message?.grace, message?.preempt, message?.once],
        [5000, 1000, 100, false, true],
      );
    });

    it('also several resources, each by itself if the node says so', async () => {
      await scene.run(acquire('motion', { ...override, several: 'each' }));
      scene.flow.send('motion', { acquire: { resources: ['a', 'b'] } });
      assert.deepEqual((await scene.lock('motion.1')).resources, ['a']);
      assert.deepEqual((await scene.lock('motion.1')).resources, ['b']);
    });

    for (const [acquireSetting, message] of [
      [{ urgency: 1 }, /^Error: msg.acquire.urgency is 1: it should be one of resource, locker, priority/],
      [{ ttl: 0 }, /^Error: msg.acquire.ttl is 0: it should be a length of time greater than 0/],
      [{ timeout: '5' }, /^Error: msg.acquire.timeout is "5": it should be a length of time, 0 or more/],
      [{ locker: '' }, /^Error: msg.acquire.locker is "": it should be a name/],
      [{ once: 'yes' }, /^Error: msg.acquire.once is "yes": it should be true or false/],
      ['all', /^Error: msg.acquire is "all": it should be an object/],
      [{ resource: [] }, /^Error: msg.acquire.resource is missing/],
    ] as const) {
      it(`but not ${JSON.stringify(acquireSetting)}`, async () => {
        assert.match(await errorFor(override, { acquire: acquireSetting }), message);
      });
    }
  });

  describe('that no message can make right', () => {
    for (const [change, message] of [
      [{ maxAttempts: '0' }, /^Error: the number of attempts is "0": it should be 1 or more/],
      [{ whenTaken: 'atMost', timeout: 'long' }, /^Error: the longest wait is "long"/],
      [{ grace: '-1' }, /^Error: the grace is "-1"/],
      [{ value: '{', valueType: 'json' }, /^Error: the value cannot be read: .*JSON/],
      [{ level: 'high', levelType: 'num' }, /^Error: the level cannot be read: "high" is not a number/],
      [
        { ttl: 'soon', ttlType: 'num' },
        /^Error: how long it is wanted for cannot be read: "soon" is not a number/,
      ],
      [{ resources: [{ v: '$room(', t: 'jsonata' }] }, /^Error: the resource cannot be read: Expected/],
    ] as const) {
      it(`end each message in an error: ${JSON.stringify(change)}`, async () => {
        await scene.run(acquire('motion', change));
        assert.deepEqual(scene.flow.status('motion'), { fill: 'red', shape: 'ring', text: 'not set up' });
        scene.flow.send('motion');
        assert.match(String(((await scene.flow.next('errors')).error as Error).message), message);
      });
    }

    it('are a registry that is not there', async () => {
      await scene.runAll([TAB, ...flowOf(acquire('motion', { registry: 'none' })).slice(1)]);
      scene.flow.send('motion');
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'no-registry');
      assert.deepEqual(scene.flow.status('motion'), { fill: 'red', shape: 'ring', text: 'not set up' });
    });
  });

  it('have defaults for a node that was made by hand', async () => {
    await scene.runAll(
      flowOf(
        {
          id: 'bare',
          type: 'acquire',
          z: 'tab',
          name: 'bare',
          registry: 'registry',
          x: 0,
          y: 0,
          wires: [['out']],
          resources: [{ v: 'lamp' }],
        },
        { id: 'out', type: 'helper', z: 'tab' },
      ),
    );
    scene.flow.send('bare');
    const lock = lockOf(await scene.flow.next('out'));
    assert.deepEqual([lock.resources, lock.priority, lock.locker], [['lamp'], 0, 'bare']);
    assert.equal('expires' in lock, false);
  });
});
