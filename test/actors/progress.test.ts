// deadline: 120 s
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store, type StoreOptions } from '../../src/index.ts';
import { stockLimitBytes } from '../../src/state/stock-plan.ts';
import { GATE, type ProgressData } from './progress-worker.ts';

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;
const WORKERS = 3;
const BUSY_MS = 5_000;
/** Some seconds of loads. */
const DEAF_TURNS = 500_000_000;
/** A class each: every one of them has a stock of its own. */
const STOCK_SIZES = [12, 14, 16, 18, 20, 22, 24, 26, 28, 30].map((size) => size * KIBIBYTE);

interface Crowd {
  readonly store: Store;
  readonly gate: Int32Array;
  /** Listened to from the beginning, for a worker may end at any time. */
  readonly exited: Promise<unknown>;
}

async function crowdOf(
  count: number,
  options: StoreOptions,
  data: Omit<ProgressData, 'store' | 'gate' | 'busyMs'>,
): Promise<Crowd> {
  const store = await Store.create(options);
  const gate = new Int32Array(new SharedArrayBuffer(GATE.WORDS * 4));
  const workerData: ProgressData = { ...data, store: store.handle, gate, busyMs: BUSY_MS };
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./progress-worker.js', import.meta.url), { workerData, execArgv: [] }),
  );
  const exited = Promise.all(workers.map((worker) => once(worker, 'exit')));
  // A worker that fails ends the wait.
  const ready = async (): Promise<void> => {
    while (Atomics.load(gate, GATE.BUSY) < count) await delay(1);
  };
  await Promise.race([ready(), exited]);
  return { store, gate, exited };
}

/** Lets the workers drop what they keep, in the middle of their busy loops. */
async function drop({ gate }: Crowd): Promise<void> {
  Atomics.store(gate, GATE.DROP, 1);
  while (Atomics.load(gate, GATE.DROPPED) < WORKERS) await delay(1);
}

/** Fails unless every worker has been in its busy loop from the beginning of this until its end. */
async function whileBusy<T>({ gate }: Crowd, call: () => Promise<T>): Promise<T> {
  const turns = Atomics.load(gate, GATE.TURNS);
  const result = await call();
  assert.is(Atomics.load(gate, GATE.DONE), 0, 'no worker has ended its busy loop');
  assert.ok(Atomics.load(gate, GATE.TURNS) > turns, 'and they were in it');
  return result;
}

async function letGo({ store, gate, exited }: Crowd): Promise<void> {
  Atomics.store(gate, GATE.LET_GO, 1);
  await exited;
  await store.verify();
  await store.close();
}

test('main gets the memory that busy workers have on lease', async () => {
  const options = { memory: 4 * MEBIBYTE, spillLimit: 0 };
  const crowd = await crowdOf(WORKERS, options, {
    stockSizes: STOCK_SIZES,
    // Far below the smallest: no block of the stock is taken for them.
    objectBytes: 6 * KIBIBYTE,
    objects: 20,
  });
  const before = await crowd.store.stats();
  const { leasedBytes } = before.primary;
  const mostBytes = WORKERS * stockLimitBytes(options.memory);
  assert.ok(leasedBytes > mostBytes * 0.8, `${leasedBytes} bytes of 4 MiB are on lease`);
  assert.ok(leasedBytes <= mostBytes, `${leasedBytes} bytes are more than ${WORKERS} stocks may hold`);
  await drop(crowd);
  // Everything: it can only be had when every lease and every dropped object comes back.
  const ref = await whileBusy(crowd, () => crowd.store.put(new Uint8Array(4 * MEBIBYTE)));
  const after = await crowd.store.stats();
  assert.is(after.primary.leasedBytes, 0);
  assert.is(after.objectCount, 1);
  ref.release();
  await letGo(crowd);
});

for (const spillLimit of [0, 64 * MEBIBYTE]) {
  const disk = spillLimit === 0 ? 'without a disk' : 'beside a disk that is not touched';
  test(`views dropped in busy workers come back, ${disk}`, async () => {
    // Room for all of them, so that nothing has to be collected before main asks.
    const options = { memory: 24 * MEBIBYTE, spillLimit };
    const crowd = await crowdOf(WORKERS, options, { stockSizes: [], objectBytes: MEBIBYTE, objects: 5 });
    const before = await crowd.store.stats();
    assert.is(before.viewedCount, WORKERS * 5);
    await drop(crowd);
    const startedMs = performance.now();
    const refs = await whileBusy(crowd, async () => {
      const made = [];
      for (let index = 0; index < 23; index++) made.push(await crowd.store.put(new Uint8Array(MEBIBYTE)));
      return made;
    });
    const tookMs = performance.now() - startedMs;
    assert.is(refs.length, 23);
    assert.is((await crowd.store.stats()).fallback.allocatedBytes, 0);
    process.stdout.write(`23 MiB of 24 had beside ${WORKERS} busy workers in ${tookMs.toFixed(0)} ms\n`);
    await letGo(crowd);
  });
}

test('one that asks for memory and then is busy itself holds nobody up', async () => {
  const options = { memory: 16 * MEBIBYTE, spillLimit: 0 };
  const putBytes = 6 * MEBIBYTE;
  const crowd = await crowdOf(1, options, { stockSizes: [], objectBytes: 0, objects: 0, putBytes });
  const { store, gate } = crowd;
  const source = new Uint8Array(putBytes);
  const views = Array.from({ length: 14 }, () => store.getSync(store.putSync(source.subarray(0, MEBIBYTE))));
  views.length = 0;
  // First in the queue, and deaf from now on: only an interrupt can tell this thread to collect what it dropped.
  const first = store.put(source);
  Atomics.store(gate, GATE.LET_GO, 1);
  Atomics.notify(gate, GATE.LET_GO);
  // Without a call that allocates, which would let V8 collect here unasked.
  for (let turn = 0; turn < DEAF_TURNS && Atomics.load(gate, GATE.DONE) === 0; turn++);
  assert.is(Atomics.load(gate, GATE.DONE), 1, 'the worker has its memory while main is still busy');
  const ref = await first;
  assert.is((await ref.get()).length, putBytes);
  await letGo(crowd);
});

test.run();
