// deadline: 60 s
/** A store that holds more than its memory: what is not viewed goes to disk, and nobody notices but the statistics. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ObjectRef,
  OutOfDiskError,
  Store,
  type StoreOptions,
  type StoreStatistics,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { tell } from '../support/tell.ts';

const MEBIBYTE = 2 ** 20;

async function withStore(options: StoreOptions, run: (store: Store) => Promise<void>): Promise<void> {
  const spillDirectory = mkdtempSync(join(tmpdir(), 'plasmoid-spill-'));
  try {
    const store = await Store.create({ spillDirectory, ...options });
    await run(store);
    assert.equal(readdirSync(spillDirectory), [], 'the file has no name');
    await store.close();
  } finally {
    rmSync(spillDirectory, { recursive: true });
  }
}

function bytesOf(index: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(index).fill(index >>> 8, size >>> 1);
}

function assertBytes(
  view: { readonly length: number; readonly [index: number]: number },
  index: number,
): void {
  assert.equal([view[0], view[view.length - 1]], [index & 0xff, (index >>> 8) & 0xff], `object ${index}`);
}

test('five times the memory: all is there, the newest in memory, and all of it comes back', () =>
  withStore({ memory: 16 * MEBIBYTE }, async (store) => {
    const refs: ObjectRef<Uint8Array>[] = [];
    for (let index = 0; index < 160; index++) refs.push(await store.put(bytesOf(index, MEBIBYTE / 2)));
    const full = await store.stats();
    assert.ok(full.primary.allocatedBytes <= 16 * MEBIBYTE);
    assert.is(full.primary.objectBytes + full.fallback.objectBytes, 80 * MEBIBYTE);
    assert.is(full.fallback.objectBytes, full.spilledBytes, 'none was created on disk');
    const locations = new Map(store.list().map(({ id, location }) => [id.hex, location]));
    assert.is(locations.get(refs[0]?.id.hex ?? ''), 'fallback');
    assert.is(locations.get(refs.at(-1)?.id.hex ?? ''), 'primary');
    for (const [index, ref] of refs.entries()) await store.use(ref, (view) => assertBytes(view, index));
    await store.verify();
    for (const ref of refs) ref.release();
    await store.trim();
    const empty = await store.stats();
    assert.equal([empty.objectCount, empty.primary.allocatedBytes, empty.fallback.allocatedBytes], [0, 0, 0]);
    await store.verify();
  }));

test('what is viewed stays, and reads its own bytes', () =>
  withStore({ memory: 8 * MEBIBYTE }, async (store) => {
    const viewed = await Promise.all([1, 2, 3].map((index) => store.put(bytesOf(index, MEBIBYTE))));
    const views = viewed.map((ref) => store.getSync(ref));
    const refs: ObjectRef<Uint8Array>[] = [];
    for (let index = 10; index < 40; index++) refs.push(store.putSync(bytesOf(index, MEBIBYTE)));
    const locations = new Map(store.list().map(({ id, location }) => [id.hex, location]));
    for (const ref of viewed) assert.is(locations.get(ref.id.hex), 'primary');
    for (const [index, view] of views.entries()) assertBytes(view, index + 1);
    for (const ref of [...viewed, ...refs]) ref.release();
  }));

test('fifty times the memory by readers and writers in several threads: every byte is right, and the store says what it did', () =>
  withStore({ memory: 8 * MEBIBYTE }, async (store) => {
    const workers = Array.from(
      { length: 3 },
      (_, number) =>
        new Worker(new URL('./spilling-worker.js', import.meta.url), {
          workerData: { role: 'spilling', store: store.handle, number, rounds: 400 },
          execArgv: [],
        }),
    );
    // Before anything is waited for: they may end at any time.
    const exited = Promise.all(workers.map((worker) => once(worker, 'exit')));
    const results = await Promise.all(workers.map((worker) => once(worker, 'message')));
    await exited;
    assert.equal(results.flat(), Array(3).fill('whole'));
    const stats = await store.stats();
    assert.ok(
      stats.spilledObjects > 100 && stats.requestedCollections > 0 && stats.collectedBytes > 0,
      JSON.stringify(stats),
    );
    const mebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(0)} MiB`;
    tell(
      `${stats.requestedCollections} collections for ${mebibytes(stats.collectedBytes)}, ` +
        `${mebibytes(stats.evictedBytes)} evicted, ${mebibytes(stats.spilledBytes)} spilled, ` +
        `${mebibytes(stats.fellBackBytes)} created on disk`,
    );
    await store.trim();
    await store.verify();
    assert.is((await store.stats()).objectCount, 0);
  }));

test('a spill directory that is taken away takes nothing with it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'plasmoid-gone-'));
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillDirectory: directory });
  const refs: ObjectRef<Uint8Array>[] = [];
  for (let index = 0; index < 24; index++) {
    if (index === 8) rmSync(directory, { recursive: true });
    refs.push(await store.put(bytesOf(index, MEBIBYTE)));
  }
  assert.ok((await store.stats()).fallback.objectBytes >= 20 * MEBIBYTE);
  for (const [index, ref] of refs.entries()) await store.use(ref, (view) => assertBytes(view, index));
  await store.verify();
  await store.close();
});

test('the threshold of a disk holds also when its folder has gone', async () => {
  using disk = mountSmallDisk(24);
  if (disk === undefined) return;
  const directory = mkdtempSync(join(disk.directory, 'spill-'));
  const store = await Store.create({ memory: 4 * MEBIBYTE, spillDirectory: directory, diskThreshold: 0.5 });
  const refs: ObjectRef<Uint8Array>[] = [];
  rmSync(directory, { recursive: true });
  const error = await failure(
    async () => {
      for (;;) refs.push(await store.put(bytesOf(refs.length, MEBIBYTE)));
    },
    OutOfDiskError,
    'OutOfDisk',
  );
  assert.match(error.message, 'the file system is nearly full');
  assert.ok(disk.freeBytes >= 11 * MEBIBYTE, `${disk.freeBytes} bytes are free`);
  for (const [index, ref] of refs.entries()) await store.use(ref, (view) => assertBytes(view, index));
  for (const ref of refs) ref.release();
  await store.close();
});

test('what is larger than the memory counts as created on disk', () =>
  withStore({ memory: 2 * MEBIBYTE }, async (store) => {
    const ref = await store.put(new Uint8Array(3 * MEBIBYTE));
    const { fellBackObjects, fellBackBytes } = await store.stats();
    assert.equal([fellBackObjects, fellBackBytes], [1, 3 * MEBIBYTE]);
    ref.release();
  }));

async function until(store: Store, done: (stats: StoreStatistics) => boolean): Promise<StoreStatistics> {
  for (;;) {
    const stats = await store.stats();
    if (done(stats)) return stats;
    await delay(20);
  }
}

test('memory that stays nearly full is made free in the background', () =>
  withStore({ memory: 16 * MEBIBYTE }, async (store) => {
    const refs: ObjectRef<Uint8Array>[] = [];
    for (let index = 0; index < 14; index++) refs.push(await store.put(bytesOf(index, MEBIBYTE)));
    assert.is((await store.stats()).spilledObjects, 0);
    const { primary } = await until(store, (stats) => stats.primary.allocatedBytes <= 10 * MEBIBYTE);
    assert.ok(primary.objectBytes > 8 * MEBIBYTE, 'and no more than that');
    for (const [index, ref] of refs.entries()) await store.use(ref, (view) => assertBytes(view, index));
    for (const ref of refs) ref.release();
  }));

test('garbage is collected, and not moved', () =>
  withStore({ memory: 16 * MEBIBYTE }, async (store) => {
    for (let index = 0; index < 15; index++) store.getSync(store.putSync(bytesOf(index, MEBIBYTE)));
    // Nobody asks for memory: only the store itself can find out that all of this is garbage.
    const stats = await until(store, ({ primary }) => primary.allocatedBytes < 8 * MEBIBYTE);
    assert.equal([stats.spilledObjects, stats.fallback.allocatedBytes], [0, 0]);
  }));

test('a disk that is nearly full is left to others', async () => {
  using disk = mountSmallDisk(16);
  if (disk === undefined) return;
  const store = await Store.create({ memory: MEBIBYTE, spillDirectory: disk.directory, diskThreshold: 0.5 });
  const refs: ObjectRef<Uint8Array>[] = [];
  const error = await failure(
    async () => {
      for (;;) refs.push(await store.put(new Uint8Array(MEBIBYTE / 2)));
    },
    OutOfDiskError,
    'OutOfDisk',
  );
  assert.match(error.message, 'the file system is nearly full');
  assert.ok(
    disk.freeBytes >= 7 * MEBIBYTE && disk.freeBytes <= 8 * MEBIBYTE,
    `${disk.freeBytes} bytes are free`,
  );
  refs.shift()?.release();
  refs.shift()?.release();
  await store.trim();
  refs.push(await store.put(new Uint8Array(MEBIBYTE / 2)));
  await store.close();
});

test('a store that ends in the middle of moves leaves nothing', async () => {
  for (let round = 0; round < 5; round++) {
    await withStore({ memory: 8 * MEBIBYTE }, async (store) => {
      const refs: ObjectRef<Uint8Array>[] = [];
      for (let index = 0; index < 12 + round; index++) refs.push(await store.put(bytesOf(index, MEBIBYTE)));
      const view = refs[0]?.getSync();
      await store.close();
      if (view !== undefined) assertBytes(view, 0);
    });
  }
});

test.run();
