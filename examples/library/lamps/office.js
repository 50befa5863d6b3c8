// The lamps of an office, as the examples need them: each takes a moment, and says what it does.
const { setImmediate: aMoment } = require('node:timers/promises');

function lamp(what) {
  return async () => {
    console.log(what);
    await aMoment();
  };
}

module.exports = {
  turnOffKitchenLights: lamp('kitchen lights off'),
  turnOffMeetingRoomLights: lamp('meeting room lights off'),
  turnOnKitchenLights: lamp('kitchen lights on'),
  turnOnMeetingRoomLights: lamp('meeting room lights on'),
  flashSecurityLights: lamp('security lights flash'),
};
