// Security takes two lights at once from two programs. As it was written for priority-redlock, with `aquireAll`.
var aquire = require('@priority-redlock/node-red')();
var aquireAll = require('@priority-redlock/node-red').aquireAll;
var { flashSecurityLights } = require('./lamps/office');
var KITCHEN_LIGHT = 'kitchen light';
var BEDROOM_LIGHT = 'bedroom light';

//... Assume some fun apps that use these
var kitchenLock = aquire(KITCHEN_LIGHT, 'fun kitchen app');
var bedroomLock = aquire(BEDROOM_LIGHT, 'fun bedroom app');
for (const lock of [kitchenLock, bedroomLock]) {
  lock.then((held) => held.onRelease((why) => console.log(`${held.locker} is over: ${why.message}`)));
}

// Trigger a security alarm!
// Use priority: 100 to hog both locks from above
aquireAll([
  () => aquire(KITCHEN_LIGHT, 'sec', { priority: 100 }),
  () => aquire(BEDROOM_LIGHT, 'sec', { priority: 100 }),
])
  // This promise will complete quickly since it
  // cancels kitchenLock and bedroomLock
  .then(async (compositeLock) => {
    await flashSecurityLights();
    console.log(`security has both: ${compositeLock.isHeld()}`);
    compositeLock.release();
  });
