// A program in another language that takes part with a session, which was written from docs/protocol.md alone.
import assert from 'node:assert/strict';
import type { Answer } from '../../src/mqtt/messages';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry, RegistrySettings } from '../../src/registry/registry';
import { type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { PythonProgram } from '../support/python-tools';
import { RegistryProcess } from '../support/registry-process';
import { until } from '../support/until-registry';

type Heard =
  | { heard: 'answer'; name: string; isHeld: boolean; answer: Answer }
  | { heard: 'refused'; why: string }
  | { heard: 'claim'; name: string; isHeld: boolean; result: string | null; token: number | null };
type Kind<Name extends Heard['heard']> = Extract<Heard, { heard: Name }>;

const SETTINGS = { requester: 'house', timing: { session: 1_500, failoverDelay: 700, handoverTimeout: 500 } };
const BEAT = { beat: 200 };

/** The participant of test/python, in the words of its claims. */
class Program extends PythonProgram<Heard> {
  constructor(requester: string, port: number) {
    super('participant_child.py', requester, String(port));
  }

  do(verb: string, name: string, more: object = {}): void {
    this.order({ do: verb, name, ...more });
  }

  /** What it is told of the claim of this name, that says so; of what is heard after `after`. */
  told(name: string, result: Answer['result'], after?: Heard): Promise<Kind<'answer'>> {
    const from = after === undefined ? 0 : this.heard.indexOf(after) + 1;
    return this.hears(
      (it): it is Kind<'answer'> => it.heard === 'answer' && it.name === name && it.answer.result === result,
      from,
    );
  }

  /** What the claim says of itself now. */
  ask(name: string): Promise<Kind<'claim'>> {
    const from = this.heard.length;
    this.do('ask', name);
    return this.hears((it): it is Kind<'claim'> => it.heard === 'claim' && it.name === name, from);
  }
}

describe('a participant in Python', () => {
  let mosquitto: Mosquitto;
  let registry: Registry;
  const programs: Program[] = [];

  const start = (requester: string) => {
    const program = new Program(requester, mosquitto.port);
    programs.push(program);
    return program;
  };
  const holder = (resource: string, name: string | undefined) =>
    until(registry, () => registry.state(resource).holder === name);

  before(async () => {
    mosquitto = await startMosquitto({ logs: 'few' });
    registry = openRegistry({ ...SETTINGS, broker: { kind: 'url', url: mosquitto.url } }, { timing: BEAT });
    await registry.ready;
    assert.equal(registry.status.state, 'ready', registry.status.text);
  });

  afterEach(async () => {
    for (const program of programs.splice(0)) await program.stop();
  });

  after(async () => {
    await closeAllRegistries();
    await mosquitto.stop();
  });

  it('holds, changes its value in place, and says goodbye: what it had is free at once', async () => {
    const backup = start('backup');
    backup.do('claim', 'disk', { wish: { priority: 'schedule', value: 'busy' } });
    const granted = await backup.told('disk', 'granted');
    assert.equal(granted.isHeld, true);
    backup.do('change', 'disk', { fields: { value: 'nearly' } });
    await until(registry, () => registry.state('disk').value === 'nearly');
    assert.equal(registry.state('disk').token, granted.answer.token);
    await backup.stop();
    await holder('disk', undefined);
  });

  it('is asked to give way, yields, and has it back', async () => {
    const party = start('party');
    party.do('claim', 'lamp', { wish: { grace: 5_000 } });
    const granted = await party.told('lamp', 'granted');
    const alarm = registry.owner('alarm').claim('lamp', { resource: 'lamp', priority: 'security' });
    const revoking = await party.told('lamp', 'revoking');
    assert.deepEqual([revoking.isHeld, alarm.state], [true, 'waiting']);
    const started = performance.now();
    party.do('give_way', 'lamp');
    const requeued = await party.told('lamp', 'requeued');
    assert.ok(performance.now() - started < 4_000, 'the grace was waited for');
    assert.deepEqual([requeued.isHeld, alarm.state], [false, 'held']);
    alarm.release();
    const back = await party.told('lamp', 'granted', requeued);
    assert.deepEqual([back.isHeld, back.answer.regained], [true, true]);
    assert.ok(Number(back.answer.token) > Number(granted.answer.token));
    party.do('release', 'lamp');
    await holder('lamp', undefined);
  });

  it('without a grace stops at once, and says so by itself', async () => {
    const party = start('party');
    party.do('claim', 'bulb');
    await party.told('bulb', 'granted');
    const alarm = registry.owner('alarm').claim('bulb', { resource: 'bulb', priority: 'security' });
    assert.equal((await party.told('bulb', 'revoking')).isHeld, false);
    await party.told('bulb', 'requeued');
    assert.equal(alarm.state, 'held');
    alarm.release();
  });

  it('holds on for longer than a session, and for its lease only', async () => {
    const program = start('program');
    program.do('claim', 'long');
    program.do('claim', 'short', { wish: { ttl: 3_000 } });
    await program.told('long', 'granted');
    await program.told('short', 'granted');
    const lost = await program.told('short', 'lost');
    assert.deepEqual([lost.isHeld, lost.answer.reason], [false, 'expired']);
    assert.equal((await program.ask('long')).isHeld, true);
  });

  it('that is killed loses what it has a session later', async () => {
    const program = start('program');
    program.do('claim', 'pump');
    await program.told('pump', 'granted');
    registry.owner('next').claim('pump', { resource: 'pump', locker: 'next' });
    assert.equal(registry.state('pump').holder, 'program');
    program.signal('SIGKILL');
    await holder('pump', 'next');
  });

  it('that stood still believes in nothing when it wakes up, and waits again', async () => {
    const program = start('program');
    program.do('claim', 'fan');
    await program.told('fan', 'granted');
    program.signal('SIGSTOP');
    const next = registry.owner('next').claim('fan', { resource: 'fan', locker: 'next' });
    await holder('fan', 'next');
    program.do('ask', 'fan');
    program.signal('SIGCONT');
    const awake = await program.hears((it): it is Kind<'claim'> => it.heard === 'claim');
    assert.equal(awake.isHeld, false);
    const requeued = await program.told('fan', 'requeued');
    assert.equal(requeued.answer.reason, 'session');
    next.release();
    assert.equal((await program.told('fan', 'granted', requeued)).isHeld, true);
  });

  it('is refused while another one of its name is alive', async () => {
    const first = start('twin');
    first.do('claim', 'gate');
    await first.told('gate', 'granted');
    const second = start('twin');
    const refused = await second.hears((it): it is Kind<'refused'> => it.heard === 'refused');
    assert.match(refused.why, /twin/);
    assert.equal((await first.ask('gate')).isHeld, true);
  });

  it('holds on over a restart of the broker', async () => {
    const program = start('program');
    program.do('claim', 'heater');
    const granted = await program.told('heater', 'granted');
    await mosquitto.kill();
    await mosquitto.start();
    await until(registry, () => registry.status.state === 'ready');
    program.do('change', 'heater', { fields: { value: 21 } });
    await until(registry, () => registry.state('heater').value === 21);
    assert.equal(registry.state('heater').token, granted.answer.token);
    assert.equal((await program.ask('heater')).isHeld, true);
  });
});

describe('a participant in Python whose arbiter is killed', () => {
  let mosquitto: Mosquitto;
  const registries: RegistryProcess[] = [];
  let program: Program;

  const decide = async (requester: string) => {
    const broker = { kind: 'url', url: mosquitto.url } as const;
    const settings: RegistrySettings = { ...SETTINGS, broker, requester, decide: 'takeover' };
    const registry = await RegistryProcess.start(settings, BEAT);
    registries.push(registry);
    return registry;
  };

  before(async () => {
    mosquitto = await startMosquitto({ logs: 'few' });
  });

  after(async () => {
    await program.stop();
    for (const registry of registries) await registry.kill();
    await mosquitto.stop();
  });

  it('keeps its hold under the next one, and is asked by that to give way', async () => {
    const first = await decide('first');
    program = new Program('program', mosquitto.port);
    program.do('claim', 'lights', { wish: { grace: 3_000 } });
    const granted = await program.told('lights', 'granted');
    const second = await decide('second');
    await first.kill();
    const message = { resource: 'lights', priority: 'security' };
    await second.order({ do: 'claim', path: 'motion', keep: false, message });
    const revoking = await program.told('lights', 'revoking');
    assert.deepEqual([revoking.isHeld, revoking.answer.token], [true, granted.answer.token]);
    program.do('give_way', 'lights');
    const requeued = await program.told('lights', 'requeued');
    assert.equal(requeued.isHeld, false);
    await second.order({ do: 'release', path: 'motion' });
    const back = await program.told('lights', 'granted', requeued);
    assert.ok(Number(back.answer.token) > Number(granted.answer.token));
  });
});
