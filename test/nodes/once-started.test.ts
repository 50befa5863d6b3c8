import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { onceStarted } from '../../nodes/shared/once-started';

describe('what waits until all flows run', () => {
  it('is called once, in its order, by one listener for all', () => {
    const runtime = new EventEmitter();
    const called: number[] = [];
    for (let n = 0; n < 20; n += 1) onceStarted(runtime, () => called.push(n));
    assert.equal(runtime.listenerCount('flows:started'), 1);
    runtime.emit('flows:started');
    runtime.emit('flows:started');
    assert.deepEqual(called, [...Array(20).keys()]);
  });

  it('is not called when it was called off', () => {
    const runtime = new EventEmitter();
    const called: string[] = [];
    const callOff = onceStarted(runtime, () => called.push('closed'));
    callOff();
    onceStarted(runtime, () => called.push('open'));
    runtime.emit('flows:started');
    assert.deepEqual(called, ['open']);
  });

  it('waits anew after each start', () => {
    const runtime = new EventEmitter();
    const called: string[] = [];
    onceStarted(runtime, () => called.push('first'));
    runtime.emit('flows:started');
    onceStarted(runtime, () => called.push('second'));
    assert.deepEqual(called, ['first']);
    runtime.emit('flows:started');
    assert.deepEqual(called, ['first', 'second']);
  });
});
