/** What a store tells about itself: its objects one by one, and its numbers under Ray's names. */
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store, type StoreMetric, storeMetrics } from '../../src/index.ts';

const MEBIBYTE = 2 ** 20;

test('the list says who holds an object, how old it is, and how long nobody has viewed it', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const other = await Store.connect(store.handle);
  const ref = await store.put(new Uint8Array(1000));
  const slot = await other.create(10);
  const shared = other.ref(ref.token);
  await delay(60);
  store.release(await ref.get());
  const [first, second] = store.list();
  assert.equal(first?.heldBy, [store.client, other.client]);
  assert.equal([first?.state, first?.sizeBytes, first?.creator], ['sealed', 1000, store.client]);
  assert.ok(first !== undefined && first.ageMs >= 50 && first.ageMs < 60_000, `${first?.ageMs} ms old`);
  assert.ok(first.idleMs < 50, `${first.idleMs} ms idle`);
  assert.equal([second?.state, second?.creator, second?.heldBy], ['writing', other.client, [other.client]]);
  shared.release();
  assert.equal(store.list()[0]?.heldBy, [store.client]);
  slot.abort();
  await other.close();
  await store.close();
});

test("the metrics have Ray's names, and agree with each other", async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE });
  const refs = [];
  for (let index = 0; index < 6; index++) refs.push(await store.put(new Uint8Array(MEBIBYTE)));
  const slot = await store.create(1000);
  const stats = await store.stats();
  const metrics = storeMetrics(stats);
  const measured = (name: string, labels: StoreMetric['labels'] = {}): number | undefined =>
    metrics.find(
      (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
    )?.value;
  const used = measured('object_store_used_memory') ?? 0;
  assert.is(used + (measured('object_store_available_memory') ?? 0), 4 * MEBIBYTE);
  assert.is(measured('object_store_num_local_objects'), 7);
  assert.ok((measured('object_store_fallback_memory') ?? 0) >= 2 * MEBIBYTE);
  assert.ok((measured('spill_manager_objects') ?? 0) >= 2);
  assert.is(measured('object_store_memory', { Location: 'MMAP_SHM', ObjectState: 'UNSEALED' }), 1000);
  const byPlace = metrics.filter(({ name }) => name === 'object_store_memory');
  assert.is(
    byPlace.reduce((sum, { value }) => sum + value, 0),
    stats.primary.objectBytes + stats.fallback.objectBytes,
    'the sum over places and states is all there is',
  );
  slot.abort();
  for (const ref of refs) ref.release();
  await store.close();
});

test.run();
