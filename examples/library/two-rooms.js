// Two rooms in one step: whoever wants both has both or none, and never keeps one while it waits for the other.
const acquire = require('@priority-redlock/node-red')();

async function main() {
  const cook = await acquire('kitchen', 'cook');
  console.log('cook has the kitchen');

  const cleaning = acquire(['kitchen', 'bedroom'], 'cleaning').then((lock) => {
    console.log(`cleaning has ${lock.resources.join(' and ')}`);
    return lock;
  });

  // The bedroom is free while cleaning waits for the kitchen.
  const nap = await acquire('bedroom', 'nap', { timeout: 0 });
  console.log('nap has the bedroom');
  await nap.release();
  await cook.release();

  const both = await cleaning;
  both.onRelease((why) => console.log(`cleaning is over: ${why.message}`));
  const burglar = await acquire('bedroom', 'security', { priority: 900 });
  console.log('security has the bedroom');
  console.log(`the kitchen is free: ${(await acquire('kitchen', 'cook', { timeout: 0 })).isHeld()}`);
  await burglar.release();
}

void main();
