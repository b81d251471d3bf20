// deadline: 180 s
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, open, openSync, read, rmSync, write, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  NotAWindowError,
  ObjectNotFoundError,
  type ObjectRef,
  type ObjectToken,
  Store,
  WindowLostError,
  type WritableSlot,
} from '../../src/index.ts';
import { collect, collectUntil } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';

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

/** Puts so many objects of 1 MiB; {@link assertFilled} knows their bytes. */
function fillPool(store: Store, count: number): Promise<ObjectRef<Uint8Array>[]> {
  return Promise.all(Array.from({ length: count }, () => store.put(new Uint8Array(MEBIBYTE).fill(6))));
}

async function assertFilled(refs: readonly ObjectRef<Uint8Array>[]): Promise<void> {
  for (const ref of refs) assert.ok(isAll(await ref.get(), 6), 'foreign bytes');
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
  await failure(() => store.get(first), ObjectNotFoundError, 'ObjectNotFound');
  await churn(store, 10);
  assert.ok(isAll(view, 1));
  assert.ok(isAll(released, 2));
  await store.verify();
  await store.close();
  collect();
  assert.ok(isAll(view, 1), 'after the end of the store');
  assert.ok(isAll(released, 2), 'after the end of the store');
});

const KINDS =
  'Uint8Array Uint8ClampedArray Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array ' +
  'Float32Array Float64Array DataView';

/** Every kind of view, on the whole of a buffer. */
function everyView(buffer: ArrayBuffer): unknown[] {
  return KINDS.split(' ').map((name) => Reflect.construct(Reflect.get(globalThis, name), [buffer]));
}

/** A worker that puts one object of each kind and tells their tokens, until it is terminated. */
const PUTTER = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module).then(({ Store }) => {
    const store = Store.connectSync(workerData.store);
    globalThis.refs = workerData.values.map((value) => store.putSync(value));
    parentPort.postMessage(globalThis.refs.map((ref) => ref.token));
    parentPort.on('message', () => {});
  });`;

async function putElsewhere(store: Store, values: unknown[]) {
  const module = new URL('../../src/index.js', import.meta.url).href;
  const workerData = { module, store: store.handle, values };
  const worker = new Worker(PUTTER, { eval: true, execArgv: [], workerData });
  const [tokens]: ObjectToken[][] = await once(worker, 'message');
  return { worker, tokens: tokens ?? [] };
}

test('a view outlives the worker that made the object, on disk too', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: POOL });
  const values = Array.from({ length: 9 }, (_, index) => new Uint8Array(MEBIBYTE).fill(index));
  const { worker, tokens } = await putElsewhere(store, values);
  const locations = store.list().map(({ location }) => location);
  assert.ok(locations.includes('primary') && locations.includes('fallback'), String(locations));
  const views = await Promise.all([0, 8].map((index) => store.ref(tokens[index]!).get()));
  await worker.terminate();
  for (const token of tokens) store.delete(token);
  await churn(store, 10);
  const right = (): boolean =>
    views.every((view, index) => view instanceof Uint8Array && isAll(view, index * 8));
  assert.ok(right());
  await store.verify();
  await store.close();
  collect();
  assert.ok(right(), 'after the end of the store');
});

test('every kind of value comes through another thread as it was', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  const { buffer } = Uint8Array.from({ length: 24 }, (_, index) => index * 9);
  const views = [buffer, ...everyView(buffer), ...everyView(new ArrayBuffer(0))];
  const scalars = [0, -0, Number.NaN, 1n, 'täxt', true, null, undefined, new Date(5), /x/g];
  const nested = [new Map([[1, new Set('ab')]]), { list: [1, [{ a: [] }]], bytes: new Uint8Array([1]) }];
  const values: unknown[] = [...views, new Float64Array(buffer, 8, 1), ...scalars, ...nested];
  const { worker, tokens } = await putElsewhere(store, values);
  const compare = async (token: ObjectToken, value: unknown): Promise<void> => {
    const got = await store.ref(token).get();
    assert.is(Object.prototype.toString.call(got), Object.prototype.toString.call(value));
    assert.equal(got, value);
    if (value instanceof Uint8Array) assert.ok(Buffer.isBuffer(store.putSync(Buffer.from(value)).getSync()));
  };
  for (const [index, token] of tokens.entries()) await compare(token, values[index]);
  await worker.terminate();
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
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
  for (const gone of [view, part, bytes, view.buffer, new Uint8Array(8), new ArrayBuffer(8)]) {
    await failure(() => store.release(gone), NotAWindowError, 'InvalidArgument');
  }
  store.release(other);
  assert.is((await store.stats()).viewedCount, 0);
  await store.close();
});

test('a pending fs.write of a forgotten view writes the right bytes', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  // A pipe that nobody reads takes 64 KiB; the rest of the write is pending until somebody does.
  using pipe = await openPipe();
  const written = await (async () => {
    const ref = await store.put(new Uint8Array(MEBIBYTE).fill(5));
    const pending = writeAll(pipe.writer, await ref.get());
    ref.release();
    return { pending };
  })();
  collect();
  await churn(store, 3);
  const received: Buffer[] = [];
  for (let length = 0; length < MEBIBYTE; length += received.at(-1)?.length ?? 0) {
    const piece = Buffer.alloc(64 * 1024);
    received.push(piece.subarray(0, await readSome(pipe.reader, piece)));
  }
  assert.is(await written.pending, MEBIBYTE);
  assert.ok(isAll(Buffer.concat(received), 5));
  await collectUntil(store, (stats) => stats.objectCount === 0);
  await store.close();
});

test('a pending fs.read into an aborted slot never reaches another object', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  using pipe = await openPipe();
  const pending = await (async () => {
    const slot = await store.create(MEBIBYTE);
    const { bytes } = slot;
    const reading = readSome(pipe.reader, bytes);
    slot.abort();
    assert.is(bytes.length, 0);
    return { reading };
  })();
  collect();
  assert.is((await store.stats()).deletingCount, 1, 'quarantined while the read is pending');
  const others = await fillPool(store, 7);
  writeSync(pipe.writer, Buffer.alloc(60_000, 7));
  assert.is(await pending.reading, 60_000);
  await assertFilled(others);
  await collectUntil(store, (stats) => stats.deletingCount === 0);
  others.push(...(await fillPool(store, 1)));
  assert.is((await store.stats()).primary.allocatedBytes, POOL, 'the eighth block is in use again');
  await assertFilled(others);
  await store.verify();
  await store.close();
});

test('a read that outlives sealing writes into its own object alone', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  using pipe = await openPipe();
  // Three reads are pending: into slots that are sealed and kept, sealed and forgotten, and forgotten unsealed.
  const kept = await (async () => {
    const slot = await store.create(MEBIBYTE);
    const reading = readSome(pipe.reader, slot.bytes.subarray(0, 1000));
    return { reading, ref: slot.seal() };
  })();
  const view = await kept.ref.get();
  const forgotten = await (async () => {
    const slot = await store.create(MEBIBYTE);
    const reading = readSome(pipe.reader, slot.bytes.subarray(0, 1000));
    slot.seal().release();
    return { reading };
  })();
  const unsealed = await (async () => {
    const slot = await store.create(MEBIBYTE);
    return { reading: readSome(pipe.reader, slot.bytes.subarray(0, 1000)) };
  })();
  await collectUntil(store, ({ objectCount, deletingCount }) => objectCount === 3 && deletingCount === 2);
  const others = await fillPool(store, 5);
  assert.is((await store.stats()).primary.allocatedBytes, POOL);
  writeSync(pipe.writer, Buffer.alloc(3000, 7));
  const lengths = await Promise.all([kept.reading, forgotten.reading, unsealed.reading]);
  assert.equal(lengths, [1000, 1000, 1000]);
  await assertFilled(others);
  // Who seals under a pending read has promised too much: the bytes arrive later, but nowhere else.
  assert.ok(isAll(view.subarray(0, 1000), 7));
  await collectUntil(store, (stats) => stats.deletingCount === 0);
  await store.verify();
  await store.close();
});

interface Alias {
  fill(): unknown;
  drop(): unknown;
}

const KEEPER = `
  const { parentPort } = require('node:worker_threads');
  let bytes;
  parentPort.on('message', (buffer) => {
    bytes ??= new Uint8Array(buffer);
    parentPort.postMessage(bytes.fill(8).length);
  });`;

function aliasOf(buffer: ArrayBuffer): Alias {
  const bytes = new Uint8Array(buffer);
  return { fill: () => bytes.fill(8), drop: () => {} };
}

/** Ways to take a slot's buffer away. */
const TRANSFERS: Record<string, (buffer: ArrayBuffer) => Promise<Alias> | Alias> = {
  structuredClone: (buffer) => aliasOf(structuredClone(buffer, { transfer: [buffer] })),
  postMessage: async (buffer) => {
    const worker = new Worker(KEEPER, { eval: true });
    const send = (buffers: ArrayBuffer[]): Promise<unknown> => {
      worker.postMessage(buffers[0], buffers);
      return once(worker, 'message');
    };
    await send([buffer]);
    return { fill: () => send([]), drop: () => worker.terminate() };
  },
  // From Node 22 on.
  ...('transfer' in ArrayBuffer.prototype && {
    transfer: (buffer: ArrayBuffer) => aliasOf(Reflect.apply(Reflect.get(buffer, 'transfer'), buffer, [])),
  }),
};

/** Loses three slots' buffers: one slot is sealed in vain, one aborted, one forgotten. */
async function loseThree(store: Store, name: string): Promise<Alias[]> {
  const ends: ((slot: WritableSlot) => unknown)[] = [
    (slot) => failure(() => slot.seal(), WindowLostError, 'Invalid'),
    (slot) => slot.abort(),
    () => undefined,
  ];
  return Promise.all(
    ends.map(async (end) => {
      const slot = await store.create(MEBIBYTE);
      const alias = await TRANSFERS[name]!(slot.bytes.buffer);
      await end(slot);
      return alias;
    }),
  );
}

for (const name of Object.keys(TRANSFERS)) {
  test(`a slot whose buffer went away by ${name} cannot be sealed, and goes with the alias`, async () => {
    const store = await Store.create({ memory: POOL, spillLimit: 0 });
    let aliases = await loseThree(store, name);
    await collectUntil(store, (stats) => stats.deletingCount === 3 && stats.objectCount === 3);
    await Promise.all(aliases.map((alias) => alias.fill()));
    const others = await fillPool(store, 5);
    await Promise.all(aliases.map((alias) => alias.fill()));
    await assertFilled(others);
    assert.is((await store.stats()).deletingCount, 3);
    await Promise.all(aliases.map((alias) => alias.drop()));
    aliases = [];
    await collectUntil(store, (stats) => stats.deletingCount === 0);
    await store.verify();
    await store.close();
  });
}

test('a window being written cannot be released; a slot that is kept after its end keeps no memory', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  const slots: WritableSlot[] = [];
  const writeAndRead = async (size: number): Promise<void> => {
    const slot = await store.create(size);
    for (const bytes of [slot.bytes, slot.view.subarray(0, 0), slot.bytes.buffer]) {
      await failure(() => store.release(bytes), NotAWindowError, 'InvalidArgument');
    }
    const kept = slot.bytes.fill(1);
    const view = await slot.seal().get();
    assert.equal([kept.length, slot.bytes.length, view.length], [0, 0, size]);
    assert.ok(isAll(view, 1));
    store.release(view);
    await failure(() => store.release(view), NotAWindowError, 'InvalidArgument');
    const aborted = await store.create(size);
    aborted.abort();
    slots.push(slot, aborted);
  };
  for (const size of [0, 1, 4096]) await writeAndRead(size);
  await collectUntil(store, (stats) => stats.objectCount === 0);
  assert.is(slots.length, 6);
  await store.close();
});

test('use() lets the view go with its scope, and its outcome is the callback’s', async () => {
  const store = await Store.create({ memory: POOL, spillLimit: 0 });
  const ref = await store.put(Float64Array.from([1, 2, 3, 4]));
  const seen: { readonly length: number }[] = [];
  const sum = await store.use(ref, async (view) => {
    seen.push(view, view.subarray(1));
    await store.stats();
    return view.reduce((total, one) => total + one, 0);
  });
  assert.equal([sum, ...seen.map(({ length }) => length)], [10, 0, 0]);
  const mine = new Error('mine');
  const thrown = await store.use(ref, () => Promise.reject(mine)).catch((error: unknown) => error);
  assert.is(thrown, mine);
  assert.is(await store.use(ref, (view) => store.release(view)), undefined);
  assert.is(await store.use(await store.put(new Uint8Array(0)), ({ length }) => length), 0);
  assert.is((await store.stats()).viewedCount, 0);
  const closed = await store.use(ref, async (view) => {
    await store.close();
    return view.length;
  });
  assert.is(closed, 4, 'a store that ends meanwhile takes nothing away');
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

/** A pipe with both ends open, whose reads wait. */
async function openPipe(): Promise<Disposable & { readonly reader: number; readonly writer: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-views-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const opened = promisify(open)(path, 'r');
  const writer = openSync(path, 'w');
  const reader = await opened;
  const end = (): void => {
    closeSync(writer);
    closeSync(reader);
    rmSync(folder, { recursive: true });
  };
  return { reader, writer, [Symbol.dispose]: end };
}

/** Starts a write; nothing but the number of bytes is kept. */
async function writeAll(file: number, bytes: Uint8Array): Promise<number> {
  return promisify(write)(file, bytes, 0, bytes.length, null).then(({ bytesWritten }) => bytesWritten);
}

async function readSome(file: number, bytes: Uint8Array): Promise<number> {
  return promisify(read)(file, bytes, 0, bytes.length, null).then(({ bytesRead }) => bytesRead);
}

test.run();
