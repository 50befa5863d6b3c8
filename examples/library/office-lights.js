// The office: saving energy turns one room off after the other until motion takes both, which keeps them on until it is
// quiet; an alarm flashes them in between, and when it is over, motion has its light again without doing anything for it.
const { createLocks } = require('@priority-redlock/node-red');
const { setImmediate: aMoment } = require('node:timers/promises');

const { acquire, watch } = createLocks();
const ROOMS = ['kitchen', 'meeting room'];

// The lamps know nothing of who wants what: each follows whoever is in charge of it.
const lamps = new Map();
watch('+', ({ resource, holder, value }) => {
  if (value === undefined || value === lamps.get(resource)) return;
  lamps.set(resource, value);
  console.log(`${resource}: ${value} (${holder})`);
});

async function saveEnergy() {
  const lock = await acquire(ROOMS[0], 'save energy', { priority: -100, value: 'off' });
  await aMoment();
  if (!lock.isHeld()) throw lock.signal.reason;
  const next = await acquire(ROOMS[1], 'save energy', { priority: -100, value: 'off' });
  await aMoment();
  await Promise.all([lock.release(), next.release()]);
}

/** Keeps the lights on until it is quiet, and gets them back when somebody has taken them. */
async function motion(quiet) {
  while (!quiet.aborted) {
    const lock = await acquire(ROOMS, 'motion', { priority: 100, value: 'on', signal: quiet });
    await Promise.race([aborted(lock.signal), aborted(quiet)]);
    if (lock.signal.aborted) console.log(`motion: ${lock.signal.reason.message}`);
    await lock.release();
  }
}

async function securityAlarm() {
  const lock = await acquire(ROOMS, 'security alarm', { priority: 900, value: 'flash' });
  await aMoment();
  await lock.release();
}

function aborted(signal) {
  return new Promise((resolve) => signal.addEventListener('abort', resolve));
}

async function main() {
  const quiet = new AbortController();
  const saving = saveEnergy().catch((error) => console.log(`save energy: ${error.message}`));
  const moving = motion(quiet.signal);
  await saving;
  await securityAlarm();
  await aMoment();
  quiet.abort();
  await moving;
  console.log('it is quiet');
  await saveEnergy();
}

void main();
