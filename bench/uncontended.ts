// Acquire and release by name, with nobody else about: against async-lock, and against what people have installed.
import createAcquire from '@priority-redlock/node-red';
import AsyncLock from 'async-lock';
import createOldAcquire, { defaultOptions } from 'priority-redlock';
import { medians, type Row, ratioRow, timed, withoutLimit } from './measure';

const ROUNDS = 31;
const OPERATIONS = 50_000;
/** The old one is slow. */
const OLD_OPERATIONS = 2_000;
const LEASE = { ttl: 60_000 };

export async function benchUncontended(): Promise<readonly Row[]> {
  const acquire = createAcquire();
  const asyncLock = new AsyncLock();
  const oldAcquire = createOldAcquire();
  const nothing = () => undefined;
  const [ours = 0, leased = 0, peer = 0, oldest = 0] = await medians(
    ROUNDS,
    () =>
      timed(async () => {
        for (let n = 0; n < OPERATIONS; n++) await (await acquire('lights', 'me')).release();
      }),
    () =>
      timed(async () => {
        for (let n = 0; n < OPERATIONS; n++) await (await acquire('lights', 'me', LEASE)).release();
      }),
    () =>
      timed(async () => {
        for (let n = 0; n < OPERATIONS; n++) await asyncLock.acquire('lights', nothing);
      }),
    () =>
      timed(async () => {
        for (let n = 0; n < OLD_OPERATIONS; n++) {
          await (await oldAcquire('lights', 'me', defaultOptions)).release();
        }
      }),
  );
  const us = (ours * 1_000) / OPERATIONS;
  const leasedUs = (leased * 1_000) / OPERATIONS;
  const peerUs = (peer * 1_000) / OPERATIONS;
  const oldUs = (oldest * 1_000) / OLD_OPERATIONS;
  const what = 'acquire + release by name';
  return [
    ratioRow(what, { us }, { us: peerUs, name: 'async-lock' }, 2),
    {
      what,
      ours: `${us.toFixed(2)} µs`,
      peer: `priority-redlock ${oldUs.toFixed(2)} µs`,
      result: `${(oldUs / us).toFixed(0)} × faster`,
      budget: 'at least 15 × faster',
      isKept: oldUs / us >= 15,
    },
    // The peer knows no leases.
    withoutLimit(ratioRow(`${what}, with a lease`, { us: leasedUs }, { us: peerUs, name: 'async-lock' }, 2)),
  ];
}
