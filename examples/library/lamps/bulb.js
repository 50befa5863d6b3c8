// A smart bulb as the examples need it: it takes a moment for everything, and says what it does.
const { setImmediate: aMoment } = require('node:timers/promises');

/** A bulb that breaks after so many commands. */
module.exports = function newBulb(lastsFor) {
  let commands = 0;
  let color = 'white';

  async function command(what) {
    if (++commands > lastsFor) throw new Error('the bulb has burnt out');
    console.log(what);
    await aMoment();
  }

  return {
    async setColor(wanted) {
      await command(`color ${wanted}`);
      color = wanted;
    },
    setBrightness: (percent) => command(`brightness ${percent}`),
    async getStatus() {
      return color;
    },
  };
};
