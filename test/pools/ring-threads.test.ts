/** The ring between real threads. Interleavings are forced with gates in shared memory, never by waiting a while. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RingConsumer } from '../../src/pools/ring/consumer.ts';
import { RingProducer } from '../../src/pools/ring/producer.ts';
import { resetRing, verifyRing } from '../../src/pools/ring/ring.ts';
import { OutOfResourceError } from '../../src/state/errors.ts';
import { ringTotalBytes } from '../../src/state/ring-layout.ts';
import type { RingWorkerData, RingWorkerReport } from './ring-worker.ts';

const DEADLINE_MILLISECONDS = 20_000;

function start(data: RingWorkerData): Worker {
  return new Worker(new URL('./ring-worker.js', import.meta.url), { workerData: data, execArgv: [] });
}

async function report(worker: Worker): Promise<RingWorkerReport> {
  const [message] = await once(worker, 'message');
  return message as RingWorkerReport;
}

function newData(part: RingWorkerData['part'], capacityWords: number, records = 0): RingWorkerData {
  const memory = new SharedArrayBuffer(ringTotalBytes(capacityWords));
  return { part, memory, capacityWords, gate: new SharedArrayBuffer(4), records, seed: 20_260_821 };
}

/** Blocks until the worker has set the gate. */
function waitForGate(gate: SharedArrayBuffer): void {
  assert.is.not(Atomics.wait(new Int32Array(gate), 0, 0, DEADLINE_MILLISECONDS), 'timed-out');
}

for (const [capacityWords, records] of [
  [16_384, 1_000_000],
  // So small that it is full or empty nearly always: each side runs into the other at every turn.
  [32, 100_000],
] as const) {
  test(`two threads move ${records} records through ${capacityWords} words, past 2^31`, async () => {
    const data = newData('send', capacityWords, records);
    resetRing(data.memory, 0, capacityWords, 2 ** 31 - 100_000);
    const sender = start(data);
    const receiver = start({ ...data, part: 'receive' });
    const [sent, received] = await Promise.all([report(sender), report(receiver)]);
    assert.equal(received, sent);
    assert.is(received.records, records);
    assert.is(received.wrong, 0);
    assert.equal(verifyRing(data.memory, 0, capacityWords), { records: 0, words: 0 });
  });
}

test('a writer that dies between claim and publish leaves nothing visible', async () => {
  const capacityWords = 64;
  const data = newData('stopInClaim', capacityWords);
  const worker = start(data);
  waitForGate(data.gate);
  const consumer = RingConsumer.acquire(data.memory, 0, capacityWords);
  assert.equal(consumer.verify(), { records: 3, words: 9 });
  await worker.terminate();

  assert.equal(consumer.verify(), { records: 3, words: 9 });
  const seen: number[][] = [];
  const handler = (type: number, words: Int32Array, at: number, length: number): void => {
    seen.push([type, ...words.subarray(at, at + length)]);
  };
  assert.is(consumer.drain(handler, 100), 3);
  assert.is(consumer.drain(handler, 100), 0);
  assert.equal(seen, [
    [7, 1, 10],
    [7, 2, 20],
    [7, 3, 30],
  ]);
  assert.equal(consumer.verify(), { records: 0, words: 0 });

  // Its role stays taken until the owner of the ring, who knows of the death, recycles it.
  assert.throws(
    () => RingProducer.acquire(data.memory, 0, capacityWords),
    (error: unknown) => error instanceof OutOfResourceError,
  );
  RingConsumer.reset(data.memory, 0, capacityWords);
  const nextProducer = RingProducer.acquire(data.memory, 0, capacityWords);
  const nextConsumer = RingConsumer.acquire(data.memory, 0, capacityWords);
  nextProducer.tryWrite(1, [1]);
  assert.is(nextConsumer.drain(handler, 100), 1);
  assert.equal(seen.at(-1), [1, 1]);
});

test('a second producer in another thread is refused while the first one lives there', async () => {
  const data = newData('stopInClaim', 64);
  const worker = start(data);
  waitForGate(data.gate);
  assert.throws(
    () => RingProducer.acquire(data.memory, 0, 64),
    (error: unknown) => error instanceof OutOfResourceError && error.values.holder === worker.threadId + 1,
  );
  await worker.terminate();
});

test('a consumer that sleeps is woken by the publish that follows, once', async () => {
  const capacityWords = 64;
  const data = newData('sleep', capacityWords);
  const producer = RingProducer.acquire(data.memory, 0, capacityWords);
  const worker = start(data);
  waitForGate(data.gate);
  producer.tryWrite(1, [1]);
  assert.ok(producer.wake());
  assert.not.ok(producer.wake());
  assert.is((await report(worker)).records, 1);
});

test.run();
