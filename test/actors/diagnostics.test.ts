/** What a store tells on `node:diagnostics_channel`: everything it does about being full, and never more than can be heard. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InvalidArgumentError,
  ObjectId,
  ObjectStoreFullError,
  onStoreEvent,
  Store,
  type StoreEventName,
  type StoreMessage,
  TimedOutError,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';
import { until } from '../support/until.ts';

const MEBIBYTE = 2 ** 20;
const MEMORY = 4 * MEBIBYTE;

/** Collects the messages of a kind; its second part ends it. */
function listen<Name extends StoreEventName>(name: Name): [heard: StoreMessage<Name>[], end: () => void] {
  const heard: StoreMessage<Name>[] = [];
  return [heard, onStoreEvent(name, (message) => heard.push(message))];
}

test('moves to disk, collections and the waits for them are told, and agree with the statistics', async () => {
  const [spills, endSpills] = listen('spill');
  const [waits, endWaits] = listen('wait');
  const [collections, endCollections] = listen('collect');
  const startMs = Date.now();
  const store = await Store.create({ memory: MEMORY, spillDirectory: tmpdir() });
  const refs = [];
  for (let index = 0; index < 12; index++) refs.push(await store.put(new Uint8Array(MEBIBYTE)));
  const stats = await store.stats();
  await store.close();
  for (const end of [endSpills, endWaits, endCollections]) end();
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
  assert.ok(stats.spilledObjects >= 8);
  // Some may have been moved between the statistics and the end.
  assert.ok(sum(spills.map(({ objects }) => objects)) >= stats.spilledObjects);
  assert.ok(sum(spills.map(({ bytes }) => bytes)) >= stats.spilledBytes);
  assert.is(sum(spills.map(({ failed }) => failed)), 0);
  assert.is(sum(collections.map(({ threads }) => threads)), stats.requestedCollections);
  assert.ok(waits.length > 0);
  for (const { store: name, atMs, client, sizeBytes, waitedMs, outcome } of waits) {
    assert.equal([name, client, sizeBytes], [store.name, store.client, MEBIBYTE]);
    assert.ok(['memory', 'disk'].includes(outcome), outcome);
    assert.ok(atMs >= startMs && atMs <= Date.now());
    assert.ok(waitedMs >= 0 && waitedMs < 30_000);
  }
  assert.is(refs.length, 12);
});

test('evictions, refusals and waits that were given up are told', async () => {
  const [evictions, endEvictions] = listen('evict');
  const [waits, endWaits] = listen('wait');
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  for (let index = 0; index < 6; index++) {
    (await store.put(new Uint8Array(MEBIBYTE), { id: ObjectId.fromRandom(), evictable: true })).release();
  }
  const { evictedObjects, evictedBytes } = await store.stats();
  const kept = await store.put(new Uint8Array(3 * MEBIBYTE));
  await failure(() => store.put(new Uint8Array(2 * MEBIBYTE)), ObjectStoreFullError, 'ObjectStoreFull');
  await failure(() => store.put(new Uint8Array(2 * MEBIBYTE), { timeout: 50 }), TimedOutError, 'TimedOut');
  await store.close();
  endEvictions();
  endWaits();
  assert.ok(evictedObjects >= 2);
  assert.ok(evictions.reduce((sum, { bytes }) => sum + bytes, 0) >= evictedBytes);
  const ended = waits.filter(({ sizeBytes }) => sizeBytes === 2 * MEBIBYTE);
  assert.equal(
    ended.map(({ outcome, error }) => [outcome, error]),
    [
      ['refused', 'ObjectStoreFullError'],
      ['cancelled', undefined],
    ],
  );
  assert.ok((ended[1]?.waitedMs ?? 0) >= 40, 'as long as its caller waited');
  assert.is(kept.released, false);
});

test('threads that leave and threads that die are told, with how much was given back', async () => {
  const [left, end] = listen('leave');
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  const other = await Store.connect(store.handle);
  const refs = [await other.put({ a: 1 }), await other.put({ a: 2 })];
  const otherClient = other.client;
  await other.close();
  const source = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.index).then(async ({ Store }) => {
      const store = await Store.connect(workerData.store);
      globalThis.kept = [await store.put(new Uint8Array(10)), await store.create(10)];
      parentPort.postMessage(store.client);
      setInterval(() => {}, 1000);
    });`;
  const index = new URL('../../src/index.js', import.meta.url).href;
  const worker = new Worker(source, { eval: true, workerData: { store: store.handle, index } });
  const [workerClient] = await once(worker, 'message');
  await worker.terminate();
  await until('both are told', () => left.length === 2);
  assert.equal(
    left.map(({ client }) => client),
    [otherClient, workerClient],
  );
  for (const { recovered } of left) assert.ok(recovered >= 2, `${recovered}`);
  await store.close();
  end();
  assert.is(refs.length, 2);
});

test('a thread too busy to listen gets one batch and the number of what it missed', async () => {
  const [waits, endWaits] = listen('wait');
  const [collections, endCollections] = listen('collect');
  const [dropped, endDropped] = listen('dropped');
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  const kept = await store.put(new Uint8Array(3.5 * MEBIBYTE));
  const ROUNDS = 300;
  // Synchronous: not one message is heard before the last of them.
  for (let round = 0; round < ROUNDS; round++) {
    try {
      store.putSync(new Uint8Array(2 * MEBIBYTE), { timeout: 1 });
    } catch (error) {
      if (!(error instanceof TimedOutError)) throw error;
    }
  }
  assert.is(waits.length, 0);
  await until('told what was dropped', () => dropped.length > 0);
  await store.close();
  for (const end of [endWaits, endCollections, endDropped]) end();
  const missed = dropped.reduce((sum, { events }) => sum + events, 0);
  assert.ok(missed > 0);
  const told = waits.length + collections.length;
  assert.ok(told >= 256 && told < ROUNDS + 600, `${told} told, ${missed} missed`);
  assert.ok(waits.length + missed >= ROUNDS, 'every wait is either told or counted');
  assert.is(kept.released, false);
});

test('a plain subscriber of the channel gets the same; who ends it hears nothing more', async () => {
  const plain: unknown[] = [];
  const onMessage = (message: unknown): void => void plain.push(message);
  const [typed, end] = listen('leave');
  subscribe('plasmoid:leave', onMessage);
  const store = await Store.create({ memory: MEMORY, spillLimit: 0 });
  await (await Store.connect(store.handle)).close();
  await until('told', () => typed.length === 1);
  assert.equal(plain, typed);
  end();
  await (await Store.connect(store.handle)).close();
  await until('told to the other', () => plain.length === 2);
  assert.is(typed.length, 1);
  unsubscribe('plasmoid:leave', onMessage);
  await store.close();
  await delay(0);
});

test('a name that is none, or no listener, is refused', async () => {
  const subscribeAny: (...values: readonly unknown[]) => unknown = onStoreEvent as never;
  const name = await failure(() => subscribeAny('spills', () => {}), InvalidArgumentError, 'InvalidArgument');
  assert.is(name.values.name, 'name');
  const listener = await failure(() => subscribeAny('spill', 5), InvalidArgumentError, 'InvalidArgument');
  assert.is(listener.values.name, 'listener');
});

test.run();
