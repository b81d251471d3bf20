// deadline: 120 s
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store } from '../../src/index.ts';
import { GATE } from './progress-worker.ts';

const MEBIBYTE = 2 ** 20;
const WORKERS = 3;
const BUSY_MS = 5_000;

interface Crowd {
  readonly store: Store;
  readonly gate: Int32Array;
  readonly workers: readonly Worker[];
}

async function busyCrowd(memory: number, objectBytes: number, objects: number): Promise<Crowd> {
  const store = await Store.create({ memory, spillLimit: 0 });
  const gate = new Int32Array(new SharedArrayBuffer(GATE.WORDS * 4));
  const workers = Array.from(
    { length: WORKERS },
    () =>
      new Worker(new URL('./progress-worker.js', import.meta.url), {
        workerData: { store: store.handle, gate, objectBytes, objects, busyMs: BUSY_MS },
        execArgv: [],
      }),
  );
  while (Atomics.load(gate, GATE.BUSY) < WORKERS) await delay(1);
  return { store, gate, workers };
}

/** Lets the workers drop what they keep, in the middle of their busy loops. */
async function drop({ gate }: Crowd): Promise<void> {
  Atomics.store(gate, GATE.DROP, 1);
  while (Atomics.load(gate, GATE.DROPPED) < WORKERS) await delay(1);
}

async function letGo({ store, gate, workers }: Crowd): Promise<void> {
  Atomics.store(gate, GATE.LET_GO, 1);
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  await store.verify();
  await store.close();
}

test('main gets the memory that busy workers have on lease', async () => {
  // A class of its own per size, so that each put that misses leaves something in the stock.
  const crowd = await busyCrowd(4 * MEBIBYTE, 10_000, 20);
  const before = await crowd.store.stats();
  assert.ok(before.primary.leasedBytes > 0, 'the workers have stocks');
  await drop(crowd);
  // Everything: it can only be had when every lease and every dropped object comes back.
  const ref = await crowd.store.put(new Uint8Array(4 * MEBIBYTE));
  assert.is(Atomics.load(crowd.gate, GATE.DONE), 0, 'no worker has ended its busy loop');
  const after = await crowd.store.stats();
  assert.is(after.primary.leasedBytes, 0);
  ref.release();
  await letGo(crowd);
});

test('views dropped in busy workers come back', async () => {
  // Room for all of them, so that nothing has to be collected before main asks.
  const crowd = await busyCrowd(24 * MEBIBYTE, MEBIBYTE, 5);
  const before = await crowd.store.stats();
  assert.is(before.viewedCount, WORKERS * 5);
  await drop(crowd);
  const turns = Atomics.load(crowd.gate, GATE.TURNS);
  const startedMs = performance.now();
  const refs = [];
  for (let index = 0; index < 23; index++) refs.push(await crowd.store.put(new Uint8Array(MEBIBYTE)));
  const tookMs = performance.now() - startedMs;
  assert.is(Atomics.load(crowd.gate, GATE.DONE), 0, 'no worker has ended its busy loop');
  assert.ok(Atomics.load(crowd.gate, GATE.TURNS) > turns, 'and they all were in it');
  process.stdout.write(`23 MiB of 24 had beside ${WORKERS} busy workers in ${tookMs.toFixed(0)} ms\n`);
  await letGo(crowd);
});

test.run();
