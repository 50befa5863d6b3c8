// Motion takes the lights from whoever saves energy, half-way. As it was written for priority-redlock, with `aquire`.
var aquire = require('@priority-redlock/node-red')();
var {
  turnOffKitchenLights,
  turnOffMeetingRoomLights,
  turnOnKitchenLights,
  turnOnMeetingRoomLights,
} = require('./lamps/office');
var LIGHTS = 'lights';

aquire(LIGHTS, 'save energy')
  .then(async (lock) => {
    // Turn off all the lights but mine
    await turnOffKitchenLights();
    if (!lock.isHeld()) throw new Error('Interrupted by Admin');
    await turnOffMeetingRoomLights();
    lock.release(); // Let others lock LIGHTS
  })
  .catch((error) => console.log(`save energy: ${error.message}`));

// Motion detected task has higher priority and will cancel 'save energy'
aquire(LIGHTS, 'motion detected', { priority: 100 }).then(async (lock) => {
  // Do something while 'save energy' does not hold LIGHTS
  await turnOnKitchenLights();
  await turnOnMeetingRoomLights();
  lock.release();
});
