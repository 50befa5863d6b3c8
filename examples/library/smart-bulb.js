// A bulb in party mode is hijacked by an alarm; when that is over, the party goes on with the color it was at. As it
// was written for gen-lock, with `lockerFactory`.
var bulb = require('./lamps/bulb')(14);
// Create default locker factory scoped to the single JS runtime
var newLocker = require('@priority-redlock/node-red').lockerFactory();

var flashes = 0;
function alarmIsTripped() {
  return flashes++ < 2;
}

// Create 2 lock holders that can lock access to the bulb
var partyModeLock = newLocker('bath_bulb', bulb);
// Security gets higher priority of 2
var securityLock = newLocker('bath_bulb', bulb, { priority: 2 });

function* rainbowsTransaction(bulb) {
  // Party time forever! Only ends if bulb.setColor fails
  while (true) {
    yield bulb.setColor('red');
    yield bulb.setColor('blue');
    yield bulb.setColor('yellow');
  }
}

function* alarmTransaction(bulb) {
  yield bulb.setColor('red');

  // Let's keep alerting as long as we need to
  while (alarmIsTripped()) {
    yield bulb.setBrightness(50);
    yield bulb.setBrightness(100);
  }

  // Transactions can return something too
  return yield bulb.getStatus();
}

// Now lock the bulb and start party mode!
partyModeLock
  .promise(rainbowsTransaction)
  .recover((recovery, err) => {
    console.log(`-- the party stops: ${err.code}`);
    return recovery.resume();
  })
  .catch((err) => console.error(`Bulb broke, rainbow time is over :-( (${err.message})`));

// Since the security lock holder has higher priority,
// securityLock will immediately cancel party mode's lock
setTimeout(() => {
  securityLock
    .promise(alarmTransaction)
    .then((status) => console.log(`-- Alarm off, bulb status: ${status}`))
    .recover((ops) => ops.restart()) // In case a priority > 2 locker comes along!
    .catch(() => console.error('Somebody broke the bulb!!!'));
}, 0);

// After alarmTransaction completes, we're always back in party mode!
