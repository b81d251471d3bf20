// deadline: 60 s
/** How long creates wait for memory that others have: not at all, until everything was tried, or until their time is over. */
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InterruptedError, ObjectStoreFullError, Store, TimedOutError } from '../../src/index.ts';
import { collect } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';

const MEBIBYTE = 2 ** 20;

test('a create with a time limit waits for what others give back, and no longer; nobody waits behind it', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const big = await store.put(new Uint8Array(3 * MEBIBYTE));
  const view = await big.get();
  const source = new Uint8Array(2 * MEBIBYTE).fill(7);
  await failure(() => store.put(source), ObjectStoreFullError, 'ObjectStoreFull');
  const calls = [
    () => store.put(source, { timeout: 30 }),
    () => store.putSync(source, { timeout: 30 }),
    () => store.create(source.length, { timeout: 30 }),
  ];
  for (const call of calls) {
    const error = await failure(call, TimedOutError, 'TimedOut');
    assert.match(error.message, 'no memory became free within 30 ms; held by client 0 (1 object, 3 MiB');
    assert.ok(Array.isArray(error.values.holders) && error.values.holders.length === 1);
  }
  const waiting = [1, 2].map(() => store.put(source, { timeout: 4_000 }));
  while ((await store.stats()).waitingCreates < 2) await delay(1);
  const small = await store.put(new Uint8Array(MEBIBYTE / 2));
  assert.is((await store.stats()).waitingCreates, 2);
  store.release(view);
  big.release();
  // The first gets what comes free, the second what the first gives back.
  const first = await waiting[0];
  assert.is((await first?.get())?.[0], 7);
  small.release();
  first?.release();
  collect();
  const second = await waiting[1];
  assert.is((await second?.get())?.[0], 7);
  second?.release();
  const aborted = failure(
    () => store.put(new Uint8Array(4 * MEBIBYTE), { timeout: 4_000, signal: AbortSignal.timeout(20) }),
    InterruptedError,
    'Interrupted',
  );
  const keeping = store.putSync(source);
  await aborted;
  keeping.release();
  await store.verify();
  await store.close();
});

test('a create without time takes what is free, and fails otherwise without disturbing anybody', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE });
  const now = { timeout: 0 };
  // Of sizes that no stock has: the answer is the actor's.
  const refs = [
    await store.put(new Uint8Array(MEBIBYTE).fill(1), now),
    store.putSync(new Uint8Array(1.5 * MEBIBYTE), now),
  ];
  (await store.create(1000, now)).abort();
  const tooMuch = new Uint8Array(2 * MEBIBYTE);
  for (const call of [
    () => store.put(tooMuch, now),
    () => store.putSync(tooMuch, now),
    () => store.createSync(2 ** 21, now),
  ]) {
    const error = await failure(call, TimedOutError, 'TimedOut');
    assert.match(error.message, 'no memory is free now; held by client 0 (2 objects, 2.5 MiB');
    assert.is(error.values.timeoutMs, 0);
  }
  await failure(
    () => store.put(new Uint8Array(2 ** 20), { ...now, signal: AbortSignal.abort() }),
    InterruptedError,
    'Interrupted',
  );
  const { requestedCollections, spilledObjects, fellBackObjects } = await store.stats();
  assert.equal([requestedCollections, spilledObjects, fellBackObjects], [0, 0, 0]);
  for (const ref of refs) ref.release();
  (await store.put(tooMuch, now)).release();
  await store.verify();
  await store.close();
});

test.run();
