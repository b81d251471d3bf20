// deadline: 180 s
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, open, openSync, read, rmSync, write, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NotAWindowError, ObjectNotFoundError, Store, WindowLostError } from '../../src/index.ts';
import { collect, collectUntil } from '../support/collection.ts';

const MEBIBYTE = 2 ** 20;
const POOL = 8 * MEBIBYTE;

function isAll(view: Uint8Array, byte: number): boolean {
  return view.every((found) => found === byte);
}

/** Fills the pool several times over with other bytes. */
async function churn(store: Store, times: number): Promise<void> {
  for (let round = 0; round < times * 8; round++) {
    const ref = await store.put(new Uint8Array(MEBIBYTE).fill(0xee));
    ref.release();
    // Objects that stay a while take every place in the pool.
    const kept = await Promise.all([1, 2, 3].map(() => store.put(new Uint8Array(MEBIBYTE).fill(0xdd))));
    for (const one of kept) one.release();
  }
}

test('a kept view reads its own bytes after release, deletion, ten refills and the end of the store', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 4 * MEBIBYTE });
  const first = await store.put(new Uint8Array(MEBIBYTE).fill(1));
  const view = await first.get();
  const second = await store.put(new Uint8Array(MEBIBYTE).fill(2));
  const released = await second.get();
  second.release();
  assert.ok(store.delete(first));
  assert.not.ok(store.contains(first));
  await assertRejects(store.get(first), ObjectNotFoundError);
  await churn(store, 10);
  assert.ok(isAll(view, 1));
  assert.ok(isAll(released, 2));
  await store.verify();
  await store.close();
  collect();
  assert.ok(isAll(view, 1), 'after the end of the store');
  assert.ok(isAll(released, 2), 'after the end of the store');
});

test('a view of an object on disk stays right as well', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 8 * MEBIBYTE });
  const ref = await store.put(new Uint8Array(2 * MEBIBYTE).fill(3));
  assert.is(store.list()[0]?.location, 'fallback');
  const view = await ref.get();
  ref.release();
  for (let round = 0; round < 20; round++) (await store.put(new Uint8Array(2 * MEBIBYTE).fill(4))).release();
  assert.ok(isAll(view, 3));
  await store.close();
  assert.ok(isAll(view, 3));
});

test('an explicitly released window is empty, and so are all views on it', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  const ref = await store.put(Float64Array.from([1, 2, 3, 4]));
  const view = await ref.get();
  const part = view.subarray(1, 3);
  const bytes = new Uint8Array(view.buffer, 8, 8);
  const other = await ref.get();
  store.release(part);
  assert.equal([view.length, part.length, bytes.length, view.buffer.byteLength], [0, 0, 0, 0]);
  assert.equal([...other], [1, 2, 3, 4], 'another window is not touched');
  assert.throws(
    () => store.release(view),
    (error: unknown) => error instanceof NotAWindowError,
  );
  assert.throws(
    () => store.release(new Uint8Array(8)),
    (error: unknown) => error instanceof NotAWindowError,
  );
  const used = await store.use(ref, (value) => value.reduce((sum, one) => sum + one, 0));
  assert.is(used, 10);
  store.release(other);
  assert.is((await store.stats()).viewedCount, 0);
  await store.close();
});

test('a pending fs.write of a forgotten view writes the right bytes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-views-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  try {
    // A pipe that nobody reads takes 64 KiB; the rest of the write is pending until somebody does.
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, constants.O_WRONLY);
    const written = await (async () => {
      const ref = await store.put(new Uint8Array(MEBIBYTE).fill(5));
      const pending = writeAll(writer, await ref.get());
      ref.release();
      return { pending };
    })();
    collect();
    await churn(store, 3);
    const received: Buffer[] = [];
    let length = 0;
    while (length < MEBIBYTE) {
      const piece = Buffer.alloc(64 * 1024);
      const bytesRead = await readSome(reader, piece);
      received.push(piece.subarray(0, bytesRead));
      length += bytesRead;
    }
    await written.pending;
    closeSync(writer);
    closeSync(reader);
    assert.ok(isAll(Buffer.concat(received), 5));
    await collectUntil(store, (stats) => stats.objectCount === 0);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
});

test('a pending fs.read into an aborted slot never reaches another object', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-views-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  try {
    const opened = promisify(open)(pipe, 'r');
    const writer = openSync(pipe, 'w');
    const reader = await opened;
    const pending = await (async () => {
      const slot = await store.create(MEBIBYTE);
      const { bytes } = slot;
      const reading = readSome(reader, bytes);
      slot.abort();
      assert.is(bytes.length, 0);
      return { reading };
    })();
    collect();
    assert.is((await store.stats()).deletingCount, 1, 'quarantined while the read is pending');
    const others = [];
    for (let index = 0; index < 7; index++) others.push(await store.put(new Uint8Array(MEBIBYTE).fill(6)));
    writeSync(writer, Buffer.alloc(60_000, 7));
    await pending.reading;
    for (const other of others) assert.ok(isAll(await other.get(), 6));
    closeSync(writer);
    closeSync(reader);
    await collectUntil(store, (stats) => stats.deletingCount === 0);
    await store.verify();
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
});

test('sealing a slot whose buffer was transferred away is an error, and the object goes with the alias', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  let alias: Uint8Array | undefined;
  await (async () => {
    const slot = await store.create(MEBIBYTE);
    alias = structuredClone(slot.bytes, { transfer: [slot.bytes.buffer] });
    assert.throws(
      () => slot.seal(),
      (error: unknown) => error instanceof WindowLostError && error.code === 'Invalid',
    );
  })();
  alias?.fill(8);
  const others = [];
  for (let index = 0; index < 7; index++) others.push(await store.put(new Uint8Array(MEBIBYTE).fill(9)));
  alias?.fill(8);
  for (const other of others) assert.ok(isAll(await other.get(), 9));
  assert.is((await store.stats()).deletingCount, 1);
  alias = undefined;
  await collectUntil(store, (stats) => stats.deletingCount === 0);
  await store.close();
});

test('dropped refs, views and unsealed slots come back by collection', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  await (async () => {
    for (let index = 0; index < 5; index++) {
      const ref = await store.put(new Uint8Array(1000));
      await ref.get();
      await store.create(1000);
    }
  })();
  const stats = await collectUntil(store, ({ objectCount }) => objectCount === 0);
  assert.is(stats.primary.allocatedBytes, 0);
  await store.verify();
  await store.close();
});

/** Starts a write; what it resolves with keeps nothing but the number of bytes. */
function writeAll(file: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(file, bytes, 0, bytes.length, null, (error, written) => (error ? reject(error) : resolve(written)));
  });
}

/** Starts a read; 0 bytes when a pipe has nothing yet. */
function readSome(file: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, bytes, 0, bytes.length, null, (error, bytesRead) => {
      if (error !== null && error.code !== 'EAGAIN') reject(error);
      else resolve(error === null ? bytesRead : 0);
    });
  });
}

async function assertRejects(
  promise: Promise<unknown>,
  errorClass: new (...parameters: never[]) => Error,
): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, errorClass);
}

test.run();
