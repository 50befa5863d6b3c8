// Two lockers that want the same thing, one after the other. As it was written for priority-redlock, with `aquire`.
var aquire = require('@priority-redlock/node-red')();

var transaction = (locker) => {
  console.log(`A buncha operations of ${locker}`);
};

// Try hogging a lock forever and printing messages
aquire('resourceToLock', 'locker1').then((lock) => {
  // Do something with exclusive access to resourceLock
  transaction('locker1');
  lock.release(); // Let others lock resourceToLock
});

// locker2 has same priority and will wait for locker1 to release
aquire('resourceToLock', 'locker2').then((lock) => {
  // Do something while locker1 does not hold resourceToLock
  transaction('locker2');
  lock.release();
});
