// deadline: 60 s
/** A thread that replaces what is under an id of its choice, again and again: its blocks stay with it, and readers see whole objects. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ObjectId, ObjectNotFoundError, Store } from '../../src/index.ts';
import { failure } from '../support/rejection.ts';
import type { ReplacingNews } from './replacing-worker.ts';

const BYTES = 1_000;

const filled = (number: number): Uint8Array<ArrayBuffer> => new Uint8Array(BYTES).fill(number);

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: 2 ** 23, spillLimit: 0 });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

/** Slot and generation of what an id names. */
function placeOf(store: Store, id: ObjectId): { readonly slot: number; readonly generation: number } {
  using ref = store.ref(id);
  return { slot: ref.slot, generation: ref.generation };
}

test('what is deleted by its creator, and kept by the store alone, gives its block to the next put', () =>
  withStore(async (store) => {
    const id = ObjectId.fromRandom();
    store.putSync(filled(0), { id, evictable: true }).release();
    const first = placeOf(store, id);
    for (let number = 1; number < 100; number++) {
      assert.ok(store.delete(id));
      assert.not(store.contains(id));
      await failure(() => store.ref(id), ObjectNotFoundError, 'ObjectNotFound');
      assert.not(store.delete(id));
      store.putSync(filled(number), { id, evictable: true }).release();
      const place = placeOf(store, id);
      assert.is(place.slot, first.slot, 'the warm block');
      assert.ok(place.generation > first.generation);
      const target = new Uint8Array(BYTES);
      assert.is(store.getIntoSync(id, target), BYTES);
      assert.equal(target, filled(number));
    }
    assert.is(store.list().length, 1);
    await store.verify();
  }));

test('so does a named object whose last ref its creator releases, and the block may then have any name or none', () =>
  withStore(async (store) => {
    const [one, other] = [ObjectId.fromRandom(), ObjectId.fromRandom()];
    const slots = new Set<number>();
    for (let number = 0; number < 100; number++) {
      using named = store.putSync(filled(number), { id: number % 2 === 0 ? one : other });
      slots.add(named.slot);
      assert.ok(store.contains(named.id));
      named.release();
      assert.not(store.contains(one) || store.contains(other));
      using nameless = store.putSync(filled(number));
      slots.add(nameless.slot);
      assert.not(store.contains(one) || store.contains(other));
      assert.is.not(nameless.id.hex, one.hex);
    }
    assert.is(slots.size, 1);
    await store.verify();
  }));

test('a view, or a ref of somebody, keeps the object that is replaced', () =>
  withStore(async (store) => {
    const id = ObjectId.fromRandom();
    store.putSync(filled(1), { id, evictable: true }).release();
    const viewed = store.getSync<Uint8Array>(id);
    assert.ok(store.delete(id));
    store.putSync(filled(2), { id, evictable: true }).release();
    using held = store.ref<Uint8Array>(id);
    assert.ok(store.delete(id));
    await failure(() => held.get(), ObjectNotFoundError, 'ObjectNotFound');
    store.putSync(filled(3), { id, evictable: true }).release();
    assert.equal([...viewed], [...filled(1)]);
    assert.equal([...store.getSync<Uint8Array>(id)], [...filled(3)]);
    await store.verify();
    store.release(viewed);
    await store.verify();
  }));

test('readers in another thread see one object or the next, never parts of both', () =>
  withStore(async (store) => {
    const id = ObjectId.fromRandom();
    store.putSync(filled(0), { id, evictable: true }).release();
    const stop = new SharedArrayBuffer(4);
    const worker = new Worker(new URL('./replacing-worker.js', import.meta.url), {
      workerData: { store: store.handle, id: id.hex, stop, bytes: BYTES },
    });
    const exited = once(worker, 'exit');
    await once(worker, 'message');
    const told: Promise<ReplacingNews[]> = once(worker, 'message');
    for (let number = 1; number <= 20_000; number++) {
      assert.ok(store.delete(id));
      store.putSync(filled(number & 0xff), { id, evictable: true }).release();
    }
    Atomics.store(new Int32Array(stop), 0, 1);
    const [news] = await told;
    await exited;
    assert.equal(news?.wrong, []);
    for (const way of ['views', 'copies', 'refs'] as const) assert.ok((news?.[way] ?? 0) > 0, `no ${way}`);
    await store.verify();
    assert.ok(store.delete(id));
    await store.trim();
    await store.verify();
    assert.is((await store.stats()).objectCount, 0);
  }));

test.run();
