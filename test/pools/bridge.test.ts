/** The bridge in many threads at once: loading and dying in any order, copies, size classes, the id index. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ObjectExistsError,
  ObjectId,
  ObjectNotFoundError,
  ObjectNotSealedError,
  type ObjectRef,
  Store,
} from '../../src/index.ts';
import { classOf, roundToClass } from '../../src/pools/allocator/size-class.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { collect, collectUntil } from '../support/collection.ts';
import { readSeed } from '../support/random.ts';
import { exerciseIndex, idOf, type Order } from './bridge-worker.ts';

const MEBIBYTE = 2 ** 20;
const NON_TEMPORAL_BYTES = 32 * MEBIBYTE;

function startWorker(order: Order): Worker {
  return new Worker(new URL('./bridge-worker.js', import.meta.url), { workerData: order });
}

test('the bridge rounds sizes to the classes of the allocator, up to 2^32', () => {
  const agree = (units: number): void => {
    const [rounded] = bridge.sizeClass(units);
    assert.is(rounded, roundToClass(units), `${units} units`);
    assert.is(bridge.sizeClass(rounded)[0], rounded, 'a class size is its own');
  };
  for (let units = 1; units < 5_000; units++) agree(units);
  for (let power = 4; power <= 32; power++) {
    for (let eighth = 8; eighth < 16; eighth++) {
      for (const around of [-1, 0, 1]) {
        const units = 2 ** power * (eighth / 8) + around;
        if (units < 2 ** 32) agree(units);
      }
    }
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), agree), { numRuns: 20_000 });
  assert.is(bridge.sizeClass(2 ** 32 - 1)[0], 2 ** 32);
});

test('classes have numbers of their own, in both languages', () => {
  // What matters is that two sizes have one number here if and only if they have one there.
  const known = new Map<number, number>();
  const check = (units: number): void => {
    const [rounded, sizeClass] = bridge.sizeClass(units);
    assert.is(known.get(sizeClass) ?? classOf(rounded), classOf(rounded), `${units} units`);
    known.set(sizeClass, classOf(rounded));
    assert.ok(sizeClass < 256, 'the stock has a list for it');
  };
  for (let units = 1; units < 100_000; units++) check(units);
  for (let power = 17; power < 32; power++) {
    for (let eighth = 8; eighth < 16; eighth++) check(2 ** power * (eighth / 8));
  }
  assert.is(new Set(known.values()).size, known.size);
});

test('the copy of put copies every byte and no other, at any length and alignment', () => {
  const source = new Uint8Array(1_000).map((_, index) => (index * 31 + 7) & 0xff);
  const target = new Uint8Array(1_000);
  for (let length = 0; length <= 200; length++) {
    for (let alignment = 0; alignment < 64; alignment += 1 + (length % 3)) {
      for (const asPutDoes of [true, false]) {
        target.fill(0);
        const from = 63 - alignment;
        const wanted = source.subarray(from, from + length);
        bridge.copyBytes(target.subarray(64 + alignment, 64 + alignment + length), wanted, asPutDoes);
        const what = `${length} bytes from ${from} to ${alignment}`;
        assert.is(Buffer.compare(target.subarray(64 + alignment, 64 + alignment + length), wanted), 0, what);
        const others = target.reduce((count, byte, index) => {
          const isInside = index >= 64 + alignment && index < 64 + alignment + length;
          return count + (!isInside && byte !== 0 ? 1 : 0);
        }, 0);
        assert.is(others, 0, what);
      }
    }
  }
});

test('big copies, which go around the caches, copy every byte as well', () => {
  const source = Buffer.alloc(NON_TEMPORAL_BYTES + 300);
  for (let index = 0; index < source.length; index += 4)
    source.writeUInt32LE(Math.imul(index, 2654435761) >>> 0, index);
  const target = Buffer.alloc(NON_TEMPORAL_BYTES + 400);
  for (const length of [-1, 0, 1, 63, 64, 65, 200].map((more) => NON_TEMPORAL_BYTES + more)) {
    for (const [from, to] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [3, 61],
      [64, 32],
    ] as const) {
      target.fill(0xaa);
      const wanted = source.subarray(from, from + length);
      bridge.copyBytes(target.subarray(to, to + length), wanted, true);
      assert.is(
        Buffer.compare(target.subarray(to, to + length), wanted),
        0,
        `${length} from ${from} to ${to}`,
      );
      assert.ok(target.subarray(0, to).every((byte) => byte === 0xaa));
      assert.ok(target.subarray(to + length).every((byte) => byte === 0xaa));
    }
  }
});

test('values of every kind of buffer arrive whole, small and big', async () => {
  const store = await Store.create({ memory: 128 * MEBIBYTE, spillLimit: 0 });
  for (const length of [100, NON_TEMPORAL_BYTES + 1]) {
    const sources: (ArrayBuffer | SharedArrayBuffer)[] = [
      new ArrayBuffer(length + 3),
      new SharedArrayBuffer(length + 3),
      // The compiler's library for Node 20 does not know the second parameter.
      Reflect.construct(ArrayBuffer, [length + 3, { maxByteLength: length + 100 }]),
      Reflect.construct(SharedArrayBuffer, [length + 3, { maxByteLength: length + 100 }]),
    ];
    for (const buffer of sources) {
      new Uint8Array(buffer).fill(9);
      new Uint8Array(buffer).set([1, 2, 3]);
      new Uint8Array(buffer)[length + 2] = 8;
      // The second one follows its buffer's length.
      for (const value of [
        new Uint8Array(buffer, 3, length),
        new Uint8Array(buffer, 3),
        new DataView(buffer, 3),
      ]) {
        using ref = await store.put(value);
        const view = await ref.get();
        const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
        assert.is(bytes.length, length);
        assert.is(bytes.indexOf(8), length - 1);
        assert.is(bytes.lastIndexOf(9), length - 2);
        assert.is(bytes[0], 9);
        store.release(view);
      }
    }
  }
  await store.close();
});

test('eight workers load the bridge at once, and die in any order', async () => {
  const seed = readSeed();
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
  const orders = fc.sample(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), {
    seed,
    numRuns: 3,
  });
  for (const order of orders) {
    const workers = order.map((number) => startWorker({ role: 'window', store: store.handle, number, seed }));
    const kept: { views: Uint8Array[] } = { views: [] };
    await Promise.all(
      workers.map(async (worker) => {
        const [buffer] = await once(worker, 'message');
        kept.views.push(new Uint8Array(buffer));
      }),
    );
    // Started in a random order; ended in that of their numbers.
    for (const number of [...order].sort()) {
      const worker = workers[order.indexOf(number)];
      if (worker === undefined) continue;
      const exited = once(worker, 'exit');
      if (number % 2 === 0) worker.postMessage('go');
      else void worker.terminate();
      await exited;
      collect();
    }
    const numbers = kept.views.map((view) => (view.every((byte) => byte === view[0]) ? view[9_999] : -1));
    assert.equal(numbers.sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
    // Their deleters run now, long after the threads that made them.
    kept.views = [];
    await collectUntil(store, ({ objectCount, clientCount }) => objectCount === 0 && clientCount === 1);
    await store.verify();
  }
  await store.close();
});

test('the first thread to load the bridge dies first, the main thread loads it last', async () => {
  const module = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const program = `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const owner = new Worker(\`
      const { parentPort } = require('node:worker_threads');
      import(${module}).then(async ({ Store }) => {
        const store = await Store.create({ memory: 2 ** 20, spillLimit: 0 });
        const view = (await store.put(new Uint8Array(5_000).fill(7))).getSync();
        const other = (await store.put(new Uint8Array(5_000).fill(8))).getSync();
        parentPort.postMessage([view.buffer, other.buffer], [view.buffer, other.buffer]);
        setInterval(() => store.list(), 1_000);
      });\`, { eval: true, execArgv: [] });
    const [buffers] = await once(owner, 'message');
    const views = buffers.splice(0).map((buffer) => new Uint8Array(buffer));
    await owner.terminate();
    if (views[0].some((byte) => byte !== 7) || views[1].some((byte) => byte !== 8)) throw new Error('other bytes');
    const watched = new WeakRef(views.shift());
    // The deleter of a store that has ended runs in a thread that never loaded the bridge.
    for (let round = 0; round < 20; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.gc();
    }
    if (watched.deref() !== undefined) throw new Error('never collected');
    if (views[0].some((byte) => byte !== 8)) throw new Error('other bytes after a collection');
    const { Store } = await import(${module});
    const store = await Store.create({ memory: 2 ** 20, spillLimit: 0 });
    const view = await (await store.put(new Uint8Array(5_000).fill(9))).get();
    console.log(views[0][4_999], view[4_999]);
    await store.close();`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  assert.equal(await once(child, 'close'), [0, null]);
  assert.is(output, '8 9\n');
});

/** In a function of its own: a suspended one may keep the slot's buffer from being collected. */
async function write(store: Store, id: ObjectId, value: Uint8Array): Promise<ObjectRef<Uint8Array>> {
  const slot = await store.create(value.length, { id });
  assert.not.ok(store.contains(id), 'it is not sealed yet');
  assert.throws(
    () => store.delete(id),
    (error: unknown) => error instanceof ObjectNotSealedError,
  );
  assert.throws(
    () => store.putSync(value, { id }),
    (error: unknown) => error instanceof ObjectExistsError,
  );
  slot.bytes.set(value);
  return slot.seal();
}

test('the id index finds what a map finds, in buckets that many ids share', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0, maxObjects: 32 });
  const command = fc.record({
    kind: fc.constantFrom('put', 'put', 'create', 'delete', 'release', 'look', 'look'),
    which: fc.nat(19),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 80, size: 'max' }), async (commands) => {
      const model = new Map<number, { ref: ObjectRef<Uint8Array>; byte: number }>();
      let byte = 0;
      for (const { kind, which } of commands) {
        const id = idOf(which, which);
        const held = model.get(which);
        if (kind === 'put' || kind === 'create') {
          if (held !== undefined) {
            assert.throws(
              () => store.putSync(new Uint8Array(1), { id }),
              (error: unknown) => error instanceof ObjectExistsError,
            );
            continue;
          }
          byte = (byte + 1) & 0xff;
          const value = new Uint8Array(40).fill(byte);
          if (kind === 'put') {
            model.set(which, { ref: await store.put(value, { id }), byte });
            continue;
          }
          model.set(which, { ref: await write(store, id, value), byte });
        } else if (kind === 'delete' || kind === 'release') {
          if (kind === 'delete') assert.is(store.delete(id), held !== undefined);
          held?.ref.release();
          model.delete(which);
        } else {
          assert.is(store.contains(id), held !== undefined);
          if (held === undefined) {
            assert.throws(
              () => store.ref(id),
              (error: unknown) => error instanceof ObjectNotFoundError,
            );
            continue;
          }
          using ref = store.ref<Uint8Array>(id);
          assert.ok(ref.id.equals(id));
          const view = await ref.get();
          assert.is(view[39], held.byte);
          store.release(view);
        }
      }
      const listed = store.list().filter(({ state }) => state !== 'deleting');
      assert.equal(
        listed.map(({ id }) => id.hex).sort(),
        [...model.keys()].map((which) => idOf(which, which).hex).sort(),
      );
      for (const { ref } of model.values()) ref.release();
      // Writable windows are kept until they are collected, and their slots with them.
      await collectUntil(store, ({ objectCount }) => objectCount === 0);
    }),
    { numRuns: 60, seed: readSeed() },
  );
  await store.verify();
  await store.close();
});

test('an id is free again at its deletion, while an old view keeps the old bytes', async () => {
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
  const id = ObjectId.fromRandom();
  const views = [];
  for (let round = 0; round < 20; round++) {
    const ref = await store.put(new Uint8Array(1_000).fill(round), { id });
    views.push(await ref.get());
    if (round % 2 === 0) assert.ok(store.delete(id));
    else ref.release();
    assert.not.ok(store.contains(id));
    assert.throws(
      () => store.ref(id),
      (error: unknown) => error instanceof ObjectNotFoundError,
    );
    for (const [index, view] of views.entries()) assert.ok(view.every((byte) => byte === index));
  }
  assert.is((await store.stats()).deletingCount, 20);
  for (const view of views) store.release(view);
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
});

test('the id index stays right under several threads at once', async () => {
  const seed = readSeed();
  const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0, maxObjects: 256 });
  const workers = [1, 2, 3].map((number) =>
    startWorker({ role: 'index', store: store.handle, number, seed }),
  );
  const ended = workers.map(async (worker) => {
    const [met] = await once(worker, 'message');
    await once(worker, 'exit');
    return met;
  });
  let met = exerciseIndex(store, { role: 'index', store: store.handle, number: 0, seed }, 3_000);
  for (const more of await Promise.all(ended)) met += more;
  assert.ok(met > 100, `${met} reads of shared ids`);
  for (let which = 0; which < 4; which++) store.delete(idOf(99, which));
  const stats = await collectUntil(store, ({ objectCount }) => objectCount === 0);
  assert.is(stats.clientCount, 1);
  await store.verify();
  await store.close();
});

test.run();
