// Who has done the least gets the next video; who loses one half-way rolls back. After an example of gen-lock.
const { createLockers, isLockError } = require('@priority-redlock/node-red');
const { setImmediate: aMoment } = require('node:timers/promises');

const newLocker = createLockers();

function worker(name) {
  let processedCount = 0;

  function* processVideo(videoId) {
    console.log(`${name} works on ${videoId}`);
    yield aMoment();
    yield aMoment();
    console.log(`${name} has stored ${videoId}`);
  }

  function* rollback(videoId) {
    yield aMoment();
    console.log(`${name} has deleted what it had of ${videoId}`);
  }

  return (videoId) =>
    newLocker(
      `video-${videoId}`,
      videoId,
      {
        // The more processed, the less likely to win
        priority: -processedCount,
        // Only try locking once: if another one has it, give up immediately
        maxAttempts: 1,
      },
      name,
    )
      .promise(processVideo)
      .then(() => processedCount++)
      .recover((recovery) => recovery.replace(rollback))
      .catch((error) => console.log(`${name} leaves ${videoId}: ${isLockError(error) ? error.code : error}`));
}

async function main() {
  const [first, second] = [worker('first'), worker('second')];
  // Both have done nothing yet: the first to come has it.
  await Promise.all([first('intro'), second('intro')]);
  // The second has done less, and takes it away half-way.
  const working = first('main');
  await aMoment();
  await Promise.all([working, second('main')]);
}

void main();
