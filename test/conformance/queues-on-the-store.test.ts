// deadline: 90 s
/**
 * Ray's create_request_queue_test and get_request_queue_test once more, on a real store: what of them can be seen from
 * outside. Where Ray's cases let time pass, something has to happen here instead: reports end a wait, not periods.
 */
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ObjectId,
  ObjectNotFoundError,
  type ObjectRef,
  ObjectStoreFullError,
  OutOfDiskError,
  type SealedView,
  Store,
  type StoreOptions,
  TimedOutError,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';
import { until } from '../support/until.ts';

const MEBIBYTE = 2 ** 20;
const MEMORY = 8 * MEBIBYTE;
const NO_DISK: StoreOptions = { memory: MEMORY, spillLimit: 0 };
const SMALL_DISK: StoreOptions = {
  memory: MEMORY,
  spillDirectory: tmpdir(),
  spillLimit: 8 * MEBIBYTE,
  diskThreshold: 1,
};

async function withStore(options: StoreOptions, run: (store: Store) => Promise<void>): Promise<void> {
  const store = await Store.create(options);
  await run(store);
  const { waitingCreates, waitingGets } = await store.stats();
  assert.equal([waitingCreates, waitingGets], [0, 0]);
  await store.verify();
  await store.close();
}

/** Memory that cannot be had back before it is let go. */
interface Pinned {
  readonly ref: ObjectRef<Uint8Array>;
  readonly view: SealedView<Uint8Array>;
}

async function pin(store: Store, sizeBytes: number): Promise<Pinned> {
  const ref = await store.put(new Uint8Array(sizeBytes));
  return { ref, view: await ref.get() };
}

function letGo(store: Store, { ref, view }: Pinned): void {
  store.release(view);
  ref.release();
}

/** Begins calls, one after the other, each in the queue before the next. */
async function queued<T>(store: Store, calls: readonly (() => Promise<T>)[]): Promise<Promise<T>[]> {
  const begun: Promise<T>[] = [];
  for (const call of calls) {
    const promise = call();
    promise.catch(() => {});
    begun.push(promise);
    await until('it waits', async () => (await store.stats()).waitingCreates === begun.length);
  }
  return begun;
}

const put = (store: Store, sizeBytes: number, timeout?: number) => () =>
  store.put(new Uint8Array(sizeBytes), { timeout });

test('create queue: TestSimple', () =>
  withStore(NO_DISK, async (store) => {
    const first = await store.put(new Uint8Array(1_234));
    const three = await Promise.all([1, 2, 3].map(() => store.put(new Uint8Array(1_234))));
    assert.is((await store.stats()).requestedCollections, 0);
    for (const ref of [first, ...three]) ref.release();
  }));

test('create queue: TestOom', () =>
  withStore(SMALL_DISK, async (store) => {
    const pinned = [await pin(store, 7 * MEBIBYTE)];
    const disk = await store.put(new Uint8Array(7 * MEBIBYTE));
    const [one, two] = [store.put(new Uint8Array(4 * MEBIBYTE)), store.put(new Uint8Array(1_234))];
    await failure(() => one, OutOfDiskError, 'OutOfDisk');
    // Who comes behind it has its turn.
    (await two).release();
    assert.ok((await store.stats()).requestedCollections > 0);
    disk.release();
    for (const one of pinned) letGo(store, one);
  }));

test('create queue: TestFallbackAllocator', () =>
  withStore(SMALL_DISK, async (store) => {
    const pinned = await pin(store, 7 * MEBIBYTE);
    const refs = await Promise.all([1, 2].map(() => store.put(new Uint8Array(2 * MEBIBYTE))));
    assert.is((await store.stats()).fellBackObjects, 2);
    for (const ref of refs) ref.release();
    letGo(store, pinned);
  }));

test('create queue: TestOomInfiniteRetry', () =>
  withStore(NO_DISK, async (store) => {
    const pinned = await pin(store, 7 * MEBIBYTE);
    // A time limit is a grace period of one's own choice.
    const [one] = await queued(store, [put(store, 4 * MEBIBYTE, 100_000)]);
    const two = await store.put(new Uint8Array(1_234));
    const { waitingCreates } = await store.stats();
    assert.is(waitingCreates, 1, 'it waits on, and holds nobody up');
    letGo(store, pinned);
    (await one)?.release();
    two.release();
  }));

test('create queue: TestTransientOom', () =>
  withStore({ ...SMALL_DISK, spillLimit: 64 * MEBIBYTE }, async (store) => {
    // The memory is full of what can be moved: creates wait for the disk, and are served from memory.
    const refs: ObjectRef[] = [];
    for (let index = 0; index < 24; index++) refs.push(await store.put(new Uint8Array(MEBIBYTE)));
    const { spilledObjects, fellBackObjects } = await store.stats();
    assert.ok(spilledObjects >= 16);
    assert.is(fellBackObjects, 0);
    for (const ref of refs) ref.release();
  }));

test('create queue: TestTransientOomThenOom', () =>
  withStore(SMALL_DISK, async (store) => {
    // Some of it can be moved, and then no more: the disk is full.
    const refs: ObjectRef[] = [];
    let error: OutOfDiskError | undefined;
    for (let index = 0; index < 24 && error === undefined; index++) {
      try {
        refs.push(await store.put(new Uint8Array(MEBIBYTE)));
      } catch (caught) {
        if (!(caught instanceof OutOfDiskError)) throw caught;
        error = caught;
      }
    }
    assert.is(error?.code, 'OutOfDisk');
    assert.is(refs.length, 16, 'memory and disk are full to the last block');
    for (const ref of refs) ref.release();
  }));

test('create queue: TestClientDisconnected', () =>
  withStore(NO_DISK, async (store) => {
    const pinned = await pin(store, 7 * MEBIBYTE);
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       import(workerData.module).then(async ({ Store }) => {
         const store = await Store.connect(workerData.store);
         await store.put(new Uint8Array(4 * 2 ** 20), { timeout: 100_000 });
       });`,
      {
        eval: true,
        execArgv: [],
        workerData: { module: new URL('../../src/index.js', import.meta.url).href, store: store.handle },
      },
    );
    await until('it waits', async () => (await store.stats()).waitingCreates === 1);
    const two = store.put(new Uint8Array(4 * MEBIBYTE), { timeout: 100_000 });
    two.catch(() => {});
    await until('both wait', async () => (await store.stats()).waitingCreates === 2);
    const exited = once(worker, 'exit');
    await worker.terminate();
    await exited;
    await until('the dead is forgotten', async () => (await store.stats()).waitingCreates === 1);
    letGo(store, pinned);
    (await two).release();
  }));

test('create queue: TestTryRequestImmediately', () =>
  withStore(NO_DISK, async (store) => {
    const now = { timeout: 0 };
    const first = await store.put(new Uint8Array(MEBIBYTE), now);
    const pinned = await pin(store, 6 * MEBIBYTE);
    await failure(() => store.put(new Uint8Array(2 * MEBIBYTE), now), TimedOutError, 'TimedOut');
    // Behind it, until everything was tried for it: from then on it stands in nobody's way.
    const [waits] = await queued(store, [put(store, 4 * MEBIBYTE, 100_000)]);
    (await store.put(new Uint8Array(MEBIBYTE / 2))).release();
    (await store.put(new Uint8Array(MEBIBYTE / 2), now)).release();
    letGo(store, pinned);
    (await waits)?.release();
    first.release();
    assert.is((await store.stats()).requestedCollections > 0, true, "only the waiting one's");
  }));

test('create queue: TestOOMAndOOD', () =>
  withStore({ ...SMALL_DISK, diskThreshold: 0 }, async (store) => {
    // The disk counts as full from the beginning.
    const pinned = await pin(store, 7 * MEBIBYTE);
    for (let round = 0; round < 2; round++) {
      const error = await failure(() => store.put(new Uint8Array(2 * MEBIBYTE)), OutOfDiskError, 'OutOfDisk');
      assert.match(error.message, 'the file system is nearly full');
    }
    letGo(store, pinned);
  }));

test('create queue: TestNoEvictIfFull, without a disk', () =>
  withStore(NO_DISK, async (store) => {
    const pinned = await pin(store, 7 * MEBIBYTE);
    const error = await failure(
      () => store.put(new Uint8Array(2 * MEBIBYTE)),
      ObjectStoreFullError,
      'ObjectStoreFull',
    );
    assert.ok(Array.isArray(error.values.holders) && error.values.holders.length > 0);
    assert.is((await store.stats()).evictedObjects, 0);
    letGo(store, pinned);
  }));

test('get queue: TestObjectSealed', () =>
  withStore(NO_DISK, async (store) => {
    const ref = await store.put(new Uint8Array([7]));
    assert.is((await store.get(ref, { timeout: 1_000 }))[0], 7);
    ref.release();
  }));

test('get queue: TestObjectTimeout, TestObjectNotSealed', () =>
  withStore(NO_DISK, async (store) => {
    await failure(() => store.get(ObjectId.fromRandom(), { timeout: 20 }), TimedOutError, 'TimedOut');
    const slot = await store.create(1);
    const ref = store.ref(slot.token);
    await failure(() => store.get(ref, { timeout: 20 }), TimedOutError, 'TimedOut');
    slot.abort();
    await failure(() => store.get(ref, { timeout: 20 }), ObjectNotFoundError, 'ObjectNotFound');
    ref.release();
  }));

test('get queue: TestMultipleObjects, TestDuplicateObjects', () =>
  withStore(NO_DISK, async (store) => {
    const slots = [await store.create(1), await store.create(1)] as const;
    const refs = slots.map((slot) => store.ref(slot.token));
    const waiting = store.get([...refs, ...refs]);
    await until('it waits', async () => (await store.stats()).waitingGets === 1);
    const sealed = [];
    for (const [index, slot] of slots.entries()) {
      assert.is((await store.stats()).waitingGets, 1, 'until the last is there');
      slot.bytes.fill(index + 1);
      sealed.push(slot.seal());
    }
    assert.equal(
      (await waiting).map((view) => view[0]),
      [1, 2, 1, 2],
    );
    for (const ref of [...refs, ...sealed]) ref.release();
  }));

test('get queue: TestFallbackAllocatedFdArePassed', () =>
  withStore(SMALL_DISK, async (store) => {
    const pinned = await pin(store, 7 * MEBIBYTE);
    const slot = await store.create(2 * MEBIBYTE);
    const ref = store.ref(slot.token);
    const waiting = store.get(ref);
    await until('it waits', async () => (await store.stats()).waitingGets === 1);
    slot.bytes.fill(5);
    const sealed = slot.seal();
    assert.is(store.list().find(({ sizeBytes }) => sizeBytes === 2 * MEBIBYTE)?.location, 'fallback');
    assert.ok((await waiting).every((byte) => byte === 5));
    for (const one of [ref, sealed]) one.release();
    letGo(store, pinned);
  }));

test('get queue: TestRemoveTwice, TestRemoveAll', () =>
  withStore(NO_DISK, async (store) => {
    const other = await Store.connect(store.handle);
    const never = ObjectId.fromRandom();
    const [one, two] = [new AbortController(), new AbortController()];
    const gets = [
      store.get(never, { signal: one.signal }),
      store.get(never, { signal: two.signal }),
      other.get(never),
      other.get([never, never]),
    ];
    const outcomes = Promise.allSettled(gets);
    await until('all wait', async () => (await store.stats()).waitingGets === 4);
    one.abort();
    one.abort();
    await until('one is removed', async () => (await store.stats()).waitingGets === 3);
    await other.close();
    await until('a client goes with all it waits for', async () => (await store.stats()).waitingGets === 1);
    two.abort();
    assert.equal(
      (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.name),
      ['InterruptedError', 'InterruptedError', 'StoreClosedError', 'StoreClosedError'],
    );
    await until('nobody waits', async () => (await store.stats()).waitingGets === 0);
  }));

test.run();
