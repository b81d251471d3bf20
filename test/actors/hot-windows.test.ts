// deadline: 120 s
import { MessageChannel } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NotAWindowError, ObjectNotFoundError, type ObjectRef, Store } from '../../src/index.ts';
import { HOT_WINDOW_BYTES } from '../../src/state/slot-layout.ts';
import { collect, collectUntil } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';

const MEBIBYTE = 2 ** 20;
/** Elsewhere a window could be transferred away from its other owners, so each get makes one (`native-bridge/hot_windows.h`). */
const SHARES = Number(process.versions.v8.split('.')[0]) >= 13;

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: 8 * MEBIBYTE, populateAhead: 0 });
  try {
    await run(store);
    await store.verify();
  } finally {
    await store.close();
  }
}

const pinsOf = (store: Store, ref: ObjectRef): number | undefined =>
  store.list().find(({ id }) => id.hex === ref.id.hex)?.pins;

/** Views of one object, of which all but the first lie on one window. */
function viewsOf<T extends NodeJS.ArrayBufferView>(store: Store, ref: ObjectRef<T>, count: number) {
  return Array.from({ length: count }, () => store.getSync(ref));
}

test('a small object that is got again and again has two windows, however many views, where they can be shared', () =>
  withStore(async (store) => {
    const ref = await store.put(Float64Array.of(1, 2, 3));
    const views = viewsOf(store, ref, 100);
    assert.is(new Set(views).size, 100, 'each get gives a view of its own');
    assert.is(new Set(views.map(({ buffer }) => buffer)).size, SHARES ? 2 : 100);
    assert.is(pinsOf(store, ref), SHARES ? 2 : 100);
    for (const view of views) assert.equal([...view], [1, 2, 3]);
  }));

test('windows are held weakly: forgotten views give the object back', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(100).fill(7));
    viewsOf(store, ref, 10);
    await collectUntil(store, ({ viewedCount }) => viewedCount === 0);
    const again = store.getSync(ref);
    assert.is(again[99], 7);
    assert.is(pinsOf(store, ref), 1);
  }));

function releaseShared(store: Store, ref: ObjectRef<Uint8Array>): void {
  const views = viewsOf(store, ref, 4);
  for (const view of views) store.release(view);
  assert.is(views[0]?.length, 0, 'the first window had one view only');
  if (SHARES) assert.is(views[1]?.[99], 7);
  else assert.is(views[1]?.length, 0);
  // Whoever gets it now has a window of his own, which is released as any other.
  const own = store.getSync(ref);
  assert.is.not(own.buffer, views[2]?.buffer);
  store.release(own);
  assert.is(own.length, 0);
  assert.throws(
    () => store.release(own),
    (error: unknown) => error instanceof NotAWindowError,
  );
}

test('releasing one view of a shared window empties no other, and the object comes back when all are forgotten', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(100).fill(7));
    releaseShared(store, ref);
    await collectUntil(store, ({ viewedCount }) => viewedCount === 0);
  }));

test('views that are released one by one never share a window', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(100).fill(7));
    for (let round = 0; round < 100; round++) {
      const view = store.getSync(ref);
      store.release(view);
      assert.is(view.length, 0);
      assert.is(pinsOf(store, ref), 0);
    }
  }));

test('each get of a large object has a window of its own', () =>
  withStore(async (store) => {
    for (const size of [HOT_WINDOW_BYTES, HOT_WINDOW_BYTES + 1]) {
      const ref = await store.put(new Uint8Array(size));
      const views = viewsOf(store, ref, 5);
      assert.is(pinsOf(store, ref), size > HOT_WINDOW_BYTES || !SHARES ? 5 : 2);
      for (const view of views) store.release(view);
      if (size > HOT_WINDOW_BYTES) assert.is(pinsOf(store, ref), 0, 'the memory returns at once');
    }
  }));

test('nobody can transfer a window away from the views of others', () =>
  withStore(async (store) => {
    const { port1 } = new MessageChannel();
    const ways: readonly ((buffer: ArrayBuffer) => unknown)[] = [
      (buffer) => port1.postMessage(buffer, [buffer]),
      (buffer) => structuredClone(buffer, { transfer: [buffer] }),
      // Node 20 does not have it.
      (buffer) => Reflect.get(ArrayBuffer.prototype, 'transfer')?.call(buffer),
      (buffer) =>
        new ReadableStream({
          type: 'bytes',
          start: (controller) => controller.enqueue(new Uint8Array(buffer)),
        }),
    ];
    for (const way of ways) {
      const ref = await store.put(new Uint8Array(100).fill(7));
      const views = viewsOf(store, ref, 4);
      const transferred = views[2]!;
      try {
        way(transferred.buffer);
      } catch (error) {
        assert.ok(SHARES, `refused, though nobody shares it: ${String(error)}`);
      }
      for (const view of views) if (SHARES || view !== transferred) assert.is(view[99], 7);
      assert.is(store.getSync(ref)[99], 7);
    }
    port1.close();
  }));

test('a deleted object is not got, whatever windows are on it, and its slot shows the next object', () =>
  withStore(async (store) => {
    for (let round = 0; round < 50; round++) {
      const ref = await store.put(new Uint8Array(100).fill(round));
      const views = viewsOf(store, ref, 3);
      if (round % 2 === 0) {
        store.delete(ref);
        await failure(() => store.get(ref), ObjectNotFoundError, 'ObjectNotFound');
      } else {
        ref.release();
      }
      for (const view of views) assert.is(view[99], round);
      if (round % 10 === 0) collect();
    }
  }));

test('many objects, more than there are places for hot windows, all show their own bytes', () =>
  withStore(async (store) => {
    const refs = Array.from({ length: 10_000 }, (_, index) => store.putSync(Uint32Array.of(index)));
    const views: { readonly [index: number]: number }[] = [];
    for (let pass = 0; pass < 3; pass++) for (const ref of refs) views.push(store.getSync(ref));
    for (const [index, view] of views.entries()) assert.is(view[0], index % refs.length);
    // Not by the collector, in the middle of the check of the books.
    for (const ref of refs) ref.release();
  }));

test.run();
