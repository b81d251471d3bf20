// deadline: 120 s
import { closeSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InterruptedError,
  type ObjectRef,
  ObjectStoreFullError,
  OutOfDiskError,
  OutOfResourceError,
  Store,
  SystemError,
  TimedOutError,
} from '../../src/index.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { FUTILE_PAUSE_MIN_MS } from '../../src/state/pressure.ts';
import { collectUntil } from '../support/collection.ts';
import { isFull } from '../support/full.ts';
import { failure } from '../support/rejection.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const MEBIBYTE = 2 ** 20;
/** Far more than any wait here may take, and far less than a store that waits where it should not. */
const LATE_MS = 10_000;

interface Filled {
  readonly refs: ObjectRef<Uint8Array>[];
  readonly error: OutOfDiskError | ObjectStoreFullError;
}

/** Puts and holds objects of 1 MiB until an error comes; the refs, and the error. */
async function fill(store: Store): Promise<Filled> {
  const refs: ObjectRef<Uint8Array>[] = [];
  try {
    for (let index = 0; ; index++) refs.push(await store.put(new Uint8Array(MEBIBYTE).fill(index)));
  } catch (error) {
    if (isFull(error)) return { refs, error };
    throw error;
  }
}

async function assertContents(refs: readonly ObjectRef<Uint8Array>[]): Promise<void> {
  for (const [index, ref] of refs.entries()) {
    const view = await ref.get();
    assert.ok(
      view.every((byte) => byte === (index & 0xff)),
      `object ${index}`,
    );
    ref.store.bridge.releaseWindow(view.buffer);
  }
}

test('a store fills memory, then a disk of 16 MiB, then says so; after deleting, everything fits again', async () => {
  using disk = mountSmallDisk(16);
  if (disk === undefined) return;
  const store = await Store.create({ memory: 8 * MEBIBYTE, spillDirectory: disk.directory });
  assert.equal(readdirSync(disk.directory), [], 'the file has no name');
  const emptyBytes = disk.freeBytes;
  for (let cycle = 0; cycle < 3; cycle++) {
    const { refs, error } = await fill(store);
    assert.ok(refs.length >= 22 && refs.length <= 24, `${refs.length} objects`);
    assert.is(error.values.sizeBytes, MEBIBYTE);
    assert.is(error.values.primaryBytes, 8 * MEBIBYTE);
    assert.is(error.values.primaryAllocatedBytes, 8 * MEBIBYTE);
    assert.is(error.values.fallbackAllocatedBytes, (refs.length - 8) * MEBIBYTE);
    assert.ok(error.message.includes('8 MiB') && error.message.includes(disk.directory), error.message);
    await assertContents(refs);
    const locations = store.list().map(({ location }) => location);
    assert.is(locations.filter((location) => location === 'primary').length, 8);
    await store.verify();
    const fullBytes = disk.freeBytes;
    // The oldest was moved there first.
    const oldest = refs.shift();
    if (oldest !== undefined) store.delete(oldest);
    await store.stats();
    assert.is(disk.freeBytes - fullBytes, MEBIBYTE, 'disk returns object by object');
    for (const ref of refs) store.delete(ref);
    const stats = await store.stats();
    assert.is(stats.primary.allocatedBytes + stats.fallback.allocatedBytes, 0);
    assert.is(disk.freeBytes, emptyBytes);
  }
  await store.close();
});

test('somebody else may fill the disk, and free it again', async () => {
  using disk = mountSmallDisk(16);
  if (disk === undefined) return;
  const store = await Store.create({ memory: MEBIBYTE, spillDirectory: disk.directory });
  const other = join(disk.directory, 'other');
  const file = openSync(other, 'w');
  writeSync(file, Buffer.alloc(15 * MEBIBYTE));
  const error = await failure(() => store.put(new Uint8Array(2 * MEBIBYTE)), OutOfDiskError, 'OutOfDisk');
  assert.is(error.values.systemCode, 'ENOSPC');
  closeSync(file);
  unlinkSync(other);
  const ref = await store.put(new Uint8Array(2 * MEBIBYTE).fill(1));
  // Released with its scope: a view that lives on keeps the file, and the disk could not be unmounted.
  await store.use(ref, (view) => assert.is(view[MEBIBYTE], 1));
  await store.close();
});

test('a full store that is in pieces says how large they are', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const refs = Array.from({ length: 32 }, () => store.putSync(new Uint8Array(MEBIBYTE / 8)));
  for (const [index, ref] of refs.entries()) if (index % 8 !== 4) ref.release();
  const error = await failure(
    () => store.put(new Uint8Array(2 * MEBIBYTE)),
    ObjectStoreFullError,
    'ObjectStoreFull',
  );
  const largest = Number(error.values.largestFreeBytes);
  assert.ok(largest >= MEBIBYTE / 2 && largest < 2 * MEBIBYTE, `${largest}`);
  assert.match(error.message, 'the largest free piece has ');
  (await store.put(new Uint8Array(largest))).release();
  await store.close();
});

test('what can never fit fails at once, however full the store is', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 8 * MEBIBYTE });
  const size = 8 * MEBIBYTE + 4096;
  for (const call of [() => store.create(size), () => store.createSync(size), () => store.create(2 ** 52)]) {
    const error = await failure(call, ObjectStoreFullError, 'ObjectStoreFull');
    assert.match(error.message, 'can never fit: the store has 4194304 bytes of memory');
    assert.is(error.values.primaryBytes, 4 * MEBIBYTE);
    assert.is(error.values.fallbackBytes, 8 * MEBIBYTE);
  }
  const { refs } = await fill(store);
  assert.is(refs.length, 12);
  const startedMs = performance.now();
  await failure(() => store.create(size), ObjectStoreFullError, 'ObjectStoreFull');
  // One round trip, where any way through collections would take a round of them and a pause.
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < FUTILE_PAUSE_MIN_MS, `it took ${tookMs} ms`);
  await store.close();
});

test('what is larger than the memory lies on disk, and comes back without a release', async () => {
  using disk = mountSmallDisk(16);
  if (disk === undefined) return;
  const store = await Store.create({ memory: MEBIBYTE, spillDirectory: disk.directory });
  // Three fit at a time: it can only go on when dropped refs and views are collected for the disk, too.
  for (let round = 0; round < 20; round++) {
    const view = await store.get(await store.put(new Uint8Array(5 * MEBIBYTE).fill(round)));
    assert.is(view[5 * MEBIBYTE - 1], round);
  }
  await collectUntil(store, ({ objectCount }) => objectCount <= 1);
  await store.verify();
  await store.close();
});

test('a quota on the disk is kept', async () => {
  const store = await Store.create({ memory: 2 * MEBIBYTE, spillLimit: 3 * MEBIBYTE });
  for (let cycle = 0; cycle < 2; cycle++) {
    const { refs, error } = await fill(store);
    assert.is(refs.length, 5);
    assert.is(error.values.fallbackAllocatedBytes, 3 * MEBIBYTE);
    assert.is(error.values.fallbackBytes, 3 * MEBIBYTE);
    assert.is(error.values.systemCode, 'none');
    for (const ref of refs) ref.release();
  }
  await store.close();
});

test('a store without disk says that it is full', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const { refs, error } = await fill(store);
  assert.is(refs.length, 4);
  assert.is(error.values.fallbackBytes, 0);
  const other = await Store.connect(store.handle);
  const some = refs.slice(0, 2).map(({ token }) => other.ref(token));
  const full = await failure(
    () => store.putSync(new Uint8Array(MEBIBYTE)),
    ObjectStoreFullError,
    'ObjectStoreFull',
  );
  const { holders } = full.values;
  assert.ok(Array.isArray(holders));
  const told = holders.map(({ client, objects, bytes }) => ({ client, objects, bytes }));
  assert.equal(told, [
    { client: store.client, objects: 4, bytes: 4 * MEBIBYTE },
    { client: other.client, objects: 2, bytes: 2 * MEBIBYTE },
  ]);
  assert.match(full.message, `client ${store.client} (4 objects, 4 MiB, the oldest `);
  const view = await refs[0]?.get();
  for (const ref of [...refs, ...some]) ref.release();
  const rest = await failure(
    () => store.put(new Uint8Array(4 * MEBIBYTE)),
    ObjectStoreFullError,
    'ObjectStoreFull',
  );
  assert.match(rest.message, 'held by views of deleted objects (1 object, 1 MiB, ');
  assert.is(view?.length, MEBIBYTE);
  await other.close();
  await store.close();
});

test('a wait ends by its time or its signal, and takes nothing with it', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const { refs } = await fill(store);
  const bytes = new Uint8Array(MEBIBYTE);
  // Nothing can become free here, and the store may say so before the time is up.
  const isEither = (error: unknown): boolean => error instanceof TimedOutError || isFull(error);
  for (const timeout of [0, 1, 50]) {
    const startedMs = performance.now();
    assert.ok(isEither(await store.put(bytes, { timeout }).catch((error: unknown) => error)));
    assert.throws(() => store.putSync(bytes, { timeout }), isEither);
    assert.ok(performance.now() - startedMs < LATE_MS, 'the time of the call is kept');
  }
  const reason = new Error('enough');
  const aborted = await failure(
    () => store.put(bytes, { signal: AbortSignal.abort(reason) }),
    InterruptedError,
    'Interrupted',
  );
  assert.is(aborted.cause, reason);
  const controller = new AbortController();
  // With a time limit nobody is told that the store is full: that might come first.
  const waiting = failure(
    () => store.put(bytes, { signal: controller.signal, timeout: 10 * LATE_MS }),
    InterruptedError,
    'Interrupted',
  );
  // Behind the call above in the microtask queue: the request is on its way by then.
  await Promise.resolve().then(() => controller.abort(reason));
  await waiting;
  for (const ref of refs) ref.release();
  const stats = await store.stats();
  assert.is(stats.waitingCreates, 0);
  assert.is(stats.objectCount, 0);
  await store.verify();
  await store.close();
});

test('many that wait for a full store are refused together, and one after the other when some fit', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const { refs } = await fill(store);
  const order: string[] = [];
  const crowd = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const kind = await store.put(new Uint8Array(MEBIBYTE)).then(
          (ref) => {
            refs.push(ref);
            return 'ref';
          },
          (error: unknown) => (isFull(error) ? 'full' : String(error)),
        );
        order.push(`${kind} ${index}`);
      }),
    );
  const startedMs = performance.now();
  await crowd(50);
  assert.equal(
    order.splice(0),
    Array.from({ length: 50 }, (_, index) => `full ${index}`),
  );
  assert.ok(performance.now() - startedMs < LATE_MS, 'one pause and one round are enough for all');
  refs.shift()?.release();
  refs.shift()?.release();
  await crowd(4);
  assert.equal(order, ['ref 0', 'ref 1', 'full 2', 'full 3']);
  assert.is((await store.stats()).waitingCreates, 0);
  await store.verify();
  await store.close();
});

test('memory that is freed while creates wait serves them in their order', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0 });
  const { refs } = await fill(store);
  const order: number[] = [];
  // The second would fit as soon as one object is gone, but the first came first.
  const sizes = [3 * MEBIBYTE, MEBIBYTE];
  const waiting = sizes.map(async (size, index) => {
    const ref = await store.put(new Uint8Array(size));
    order.push(index);
    return ref;
  });
  for (const ref of refs) ref.release();
  const served = await Promise.all(waiting);
  assert.equal(order, [0, 1]);
  assert.is(served.length, 2);
  await store.close();
});

test('creates are served in their order', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 64 * MEBIBYTE });
  const order: number[] = [];
  const refs = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const ref = await store.put(new Uint8Array(MEBIBYTE).fill(index));
      order.push(index);
      return ref;
    }),
  );
  assert.equal(
    order,
    [...order].sort((one, other) => one - other),
  );
  await assertContents(refs);
  await store.close();
});

test('a full object table is an error of its own, and passes', async () => {
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillLimit: 0, maxObjects: 10 });
  const refs: ObjectRef[] = [];
  await failure(
    async () => {
      for (;;) refs.push(await store.put(new Uint8Array(10)));
    },
    OutOfResourceError,
    'OutOfResource',
  );
  assert.is(refs.length, 10);
  refs.pop()?.release();
  refs.push(await store.put(new Uint8Array(5_000)));
  for (const ref of refs) ref.release();
  // Refs that are only dropped come back as well.
  for (let round = 0; round < 100; round++) await store.put(new Uint8Array(10));
  for (let round = 0; round < 100; round++) store.getSync(store.putSync(new Uint8Array(5_000)));
  await store.verify();
  await store.close();
});

test('a missing spill directory is an error of the system, and maps nothing', async () => {
  const before = bridge.regionCount();
  const error = await failure(
    () => Store.create({ memory: MEBIBYTE, spillDirectory: '/nowhere/at/all' }),
    SystemError,
    'IOError',
  );
  assert.is(error.values.systemCode, 'ENOENT');
  assert.is(bridge.regionCount(), before);
});

test.run();
