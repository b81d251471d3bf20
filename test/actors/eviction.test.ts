// deadline: 60 s
/** Objects that outlive their refs, until their memory is needed. */
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InvalidArgumentError,
  ObjectId,
  ObjectNotFoundError,
  ObjectStoreFullError,
  OutOfDiskError,
  type SealedView,
  Store,
  TimedOutError,
} from '../../src/index.ts';
import { collectUntil } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';

const MEBIBYTE = 2 ** 20;

function idOf(number: number): ObjectId {
  return ObjectId.fromBinary(new Uint8Array(28).fill(number + 1));
}

async function withStore(run: (store: Store) => Promise<void>, memory = 8 * MEBIBYTE): Promise<void> {
  const store = await Store.create({ memory, spillLimit: 0 });
  await run(store);
  await store.verify();
  await store.close();
}

/** Puts and forgets; the object stays. */
function cache(store: Store, number: number, sizeBytes = MEBIBYTE): void {
  store.putSync(new Uint8Array(sizeBytes).fill(number), { id: idOf(number), evictable: true }).release();
}

function viewOf(store: Store, number: number): SealedView<Uint8Array> {
  const view = store.getSync(idOf(number));
  assert.instance(view, Uint8Array);
  return view as SealedView<Uint8Array>;
}

function isThere(store: Store, number: number): boolean {
  return store.contains(idOf(number));
}

test('an evictable object stays without refs and is found by its id', () =>
  withStore(async (store) => {
    cache(store, 1);
    const slot = await store.create(1000, { id: idOf(2), evictable: true });
    slot.bytes.fill(2);
    slot.seal().release();
    await store.verify();
    for (const number of [1, 2]) assert.is(viewOf(store, number)[0], number);
    assert.equal(
      store.list().map(({ evictable, heldBy }) => [evictable, heldBy]),
      [
        [true, []],
        [true, []],
      ],
    );
    const ref = store.ref(idOf(1));
    ref.release();
    assert.ok(isThere(store, 1));
    await store.verify();
    for (const number of [1, 2]) assert.ok(store.delete(idOf(number)));
    await collectUntil(store, ({ objectCount }) => objectCount === 0);
    await failure(() => store.ref(idOf(1)), ObjectNotFoundError, 'ObjectNotFound');
    assert.is((await store.stats()).evictedObjects, 0);
  }));

test('the least recently used go when memory is needed, and no more than that', () =>
  withStore(async (store) => {
    for (let number = 0; number < 7; number++) {
      cache(store, number);
      // The clock that says which was used last is a coarse one.
      await delay(15);
    }
    store.release(viewOf(store, 0));
    const refs = [await store.put(new Uint8Array(2 * MEBIBYTE))];
    const { evictedObjects, evictedBytes } = await store.stats();
    assert.equal(
      [evictedObjects, evictedBytes],
      [2, 2 * MEBIBYTE],
      'a fifth of the memory, or what is needed',
    );
    assert.equal(
      [0, 1, 2, 3].map((number) => isThere(store, number)),
      [true, false, false, true],
    );
    for (let put = 0; put < 5; put++) refs.push(await store.put(new Uint8Array(MEBIBYTE)));
    assert.is(refs.length, 6);
    for (const ref of refs) ref.release();
  }));

test('what is held or viewed is not evicted', () =>
  withStore(async (store) => {
    cache(store, 1, 3 * MEBIBYTE);
    cache(store, 2, 3 * MEBIBYTE);
    const held = store.ref(idOf(1));
    const view = viewOf(store, 2);
    await failure(() => store.put(new Uint8Array(4 * MEBIBYTE)), ObjectStoreFullError, 'ObjectStoreFull');
    assert.ok(isThere(store, 1) && isThere(store, 2));
    held.release();
    (await store.put(new Uint8Array(3 * MEBIBYTE))).release();
    assert.not.ok(isThere(store, 1));
    assert.is(view.at(-1), 2);
    store.release(view);
    (await store.put(new Uint8Array(6 * MEBIBYTE))).release();
    assert.is((await store.stats()).evictedObjects, 2);
  }));

test('eviction goes on until there is room in one piece', () =>
  withStore(async (store) => {
    const PIECE = MEBIBYTE / 4;
    for (let number = 0; number < 32; number++) cache(store, number, PIECE);
    await delay(15);
    // The least recently used ones do not lie side by side.
    for (let number = 0; number < 32; number += 2) store.release(viewOf(store, number));
    const ref = await store.put(new Uint8Array(3 * MEBIBYTE).fill(1));
    const left = Array.from({ length: 32 }, (_, number) => number).filter((number) => isThere(store, number));
    assert.ok(left.length > 0 && left.length < 20, `${left}`);
    for (const number of left) assert.is(viewOf(store, number)[0], number);
    ref.release();
    const all = await store.put(new Uint8Array(8 * MEBIBYTE));
    all.release();
  }));

test('what was moved to disk is evicted there, when the disk has no room either', async () => {
  const store = await Store.create({
    memory: 4 * MEBIBYTE,
    spillLimit: 4 * MEBIBYTE,
    spillDirectory: tmpdir(),
    diskThreshold: 1,
  });
  // Held, so that they are moved and not given up.
  const held = Array.from({ length: 4 }, (_, number) =>
    store.putSync(new Uint8Array(MEBIBYTE).fill(number), { id: idOf(number), evictable: true }),
  );
  const pinned = Array.from({ length: 4 }, () => store.putSync(new Uint8Array(MEBIBYTE)));
  const views = pinned.map((ref) => ref.getSync());
  assert.equal(
    store
      .list()
      .map(({ evictable, location }) => `${evictable} ${location}`)
      .sort(),
    [...pinned.map(() => 'false primary'), ...held.map(() => 'true fallback')],
  );
  await failure(() => store.put(new Uint8Array(2 * MEBIBYTE)), OutOfDiskError, 'OutOfDisk');
  for (const ref of held.splice(0, 3)) ref.release();
  const ref = await store.put(new Uint8Array(2 * MEBIBYTE).fill(9));
  assert.ok(ref.getSync().every((byte) => byte === 9));
  const { evictedObjects, fellBackObjects } = await store.stats();
  assert.ok(evictedObjects >= 2 && evictedObjects <= 3, `${evictedObjects}`);
  assert.is(fellBackObjects, 1);
  assert.ok(isThere(store, 3), 'what is held stays');
  await store.verify();
  assert.is(views.length, 4);
  for (const one of [ref, ...held, ...pinned]) one.release();
  await store.close();
});

test('a cache that is used without end never fills the store, and its maker may die', () =>
  withStore(async (store) => {
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       import(workerData.module).then(({ Store, ObjectId }) => {
         const store = Store.connectSync(workerData.store);
         for (let number = 0; number < 200; number++) {
           const id = ObjectId.fromBinary(new Uint8Array(28).fill(number + 1));
           store.putSync(new Uint8Array(300_000).fill(number), { id, evictable: true });
         }
         process.exit();
       });`,
      {
        eval: true,
        execArgv: [],
        workerData: { module: new URL('../../src/index.js', import.meta.url).href, store: store.handle },
      },
    );
    await once(worker, 'exit');
    while ((await store.stats()).clientCount > 1);
    await store.verify();
    const found = Array.from({ length: 200 }, (_, number) => number).filter((number) =>
      isThere(store, number),
    );
    assert.ok(found.length > 5 && found.at(-1) === 199, `${found}`);
    for (const number of found) {
      const bytes = viewOf(store, number);
      assert.ok(bytes.every((byte) => byte === number));
    }
    const { evictedObjects, spilledObjects } = await store.stats();
    assert.equal([evictedObjects + found.length, spilledObjects], [200, 0]);
  }));

test('an evictable object needs an id, and one that is aborted is none', () =>
  withStore(async (store) => {
    const error = await failure(
      () => store.put(new Uint8Array(8), { evictable: true }),
      InvalidArgumentError,
      'InvalidArgument',
    );
    assert.is(error.values.name, 'id');
    const slot = await store.create(1000, { id: idOf(1), evictable: true });
    slot.abort();
    await failure(() => store.get(idOf(1), { timeout: 0 }), TimedOutError, 'TimedOut');
  }));

test.run();
