import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ObjectId, type ObjectRef, Store } from '../../src/index.ts';
import { classOf, roundToClass } from '../../src/pools/allocator/size-class.ts';
import { bridge } from '../../src/pools/bridge.ts';
import { collect, collectUntil } from '../support/collection.ts';

const NON_TEMPORAL_BYTES = 32 * 2 ** 20;

test('the bridge rounds sizes to the classes of the allocator', () => {
  const agree = (units: number): void => {
    const [rounded] = bridge.sizeClass(units);
    assert.is(rounded, roundToClass(units), `${units} units`);
  };
  for (let units = 1; units < 5_000; units++) agree(units);
  for (let power = 4; power < 32; power++) for (const around of [-1, 0, 1]) agree(2 ** power + around);
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (units) => agree(units)));
  // Numbers of classes differ; what matters is that no two sizes of one class have different numbers.
  const numbers = new Map<number, number>();
  for (let units = 1; units < 100_000; units++) {
    const [rounded, sizeClass] = bridge.sizeClass(units);
    const known = numbers.get(sizeClass) ?? classOf(rounded);
    assert.is(known, classOf(rounded));
    numbers.set(sizeClass, known);
  }
});

test('the copy of put copies every byte, at any length and alignment', () => {
  const source = new Uint8Array(NON_TEMPORAL_BYTES + 200).map((_, index) => (index * 31) & 0xff);
  const lengths = [0, 1, 2, 7, 8, 15, 16, 63, 64, 65, 127, 200, NON_TEMPORAL_BYTES, NON_TEMPORAL_BYTES + 1];
  for (const length of lengths) {
    for (const [from, to] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [3, 61],
    ] as const) {
      const target = new Uint8Array(length + 128);
      bridge.copyBytes(target.subarray(to, to + length), source.subarray(from, from + length), true);
      assert.ok(Buffer.compare(target.subarray(to, to + length), source.subarray(from, from + length)) === 0);
      assert.ok(target.subarray(0, to).every((byte) => byte === 0));
      assert.ok(target.subarray(to + length).every((byte) => byte === 0));
    }
  }
});

test('any number of workers load the bridge, and die in any order', async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(({ Store }) => {
      const store = Store.connectSync(workerData.store);
      const view = store.getSync(store.putSync(new Uint8Array(10_000).fill(workerData.number)));
      parentPort.postMessage(view.buffer, [view.buffer]);
      parentPort.once('message', () => process.exit(0));
    });`;
  const store = await Store.create({ memory: 2 ** 20, spillLimit: 0 });
  const workers = Array.from(
    { length: 8 },
    (_, number) =>
      new Worker(program, {
        eval: true,
        execArgv: [],
        workerData: {
          number,
          store: store.handle,
          module: new URL('../../src/index.js', import.meta.url).href,
        },
      }),
  );
  const windows: { views: Uint8Array[] } = { views: [] };
  await Promise.all(
    workers.map(async (worker) => {
      const [buffer] = await once(worker, 'message');
      windows.views.push(new Uint8Array(buffer));
    }),
  );
  for (const number of [3, 0, 7, 5, 1, 6, 2, 4]) {
    const worker = workers[number];
    if (worker === undefined) continue;
    const exited = once(worker, 'exit');
    if (number % 2 === 0) worker.postMessage('go');
    else void worker.terminate();
    await exited;
    collect();
  }
  const numbers = windows.views.map((view) => view[9_999]).sort();
  assert.equal(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
  // Their deleters run now, long after the threads that made them.
  windows.views = [];
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
});

test('the id index finds what a map finds', async () => {
  const ids = Array.from({ length: 12 }, () => ObjectId.fromRandom());
  const store = await Store.create({ memory: 2 ** 20, spillLimit: 0, maxObjects: 64 });
  const command = fc.record({ kind: fc.constantFrom('put', 'delete', 'release', 'look'), which: fc.nat(11) });
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      const model = new Map<number, { ref: ObjectRef<Uint8Array>; byte: number }>();
      let byte = 0;
      for (const { kind, which } of commands) {
        const id = ids[which] ?? ObjectId.nil;
        const held = model.get(which);
        if (kind === 'put' && held === undefined) {
          byte = (byte + 1) & 0xff;
          model.set(which, { ref: await store.put(new Uint8Array(40).fill(byte), { id }), byte });
        } else if (kind === 'delete') {
          assert.is(store.delete(id), held !== undefined);
          held?.ref.release();
          model.delete(which);
        } else if (kind === 'release') {
          held?.ref.release();
          model.delete(which);
        } else {
          assert.is(store.contains(id), held !== undefined);
          if (held === undefined) continue;
          using ref = store.ref<Uint8Array>(id);
          assert.is((await ref.get())[39], held.byte);
        }
      }
      for (const { ref } of model.values()) ref.release();
      collect();
    }),
    { numRuns: 60 },
  );
  await collectUntil(store, ({ objectCount }) => objectCount === 0);
  await store.verify();
  await store.close();
});

test.run();
