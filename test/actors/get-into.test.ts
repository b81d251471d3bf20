// deadline: 60 s
/** Copies of objects in memory of the reader's: `getInto`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CopyTarget,
  InvalidArgumentError,
  ObjectDamagedError,
  ObjectId,
  ObjectNotFoundError,
  ObjectNotSealedError,
  type ObjectRef,
  RefReleasedError,
  Store,
  StoreClosedError,
  type StoreOptions,
  TimedOutError,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';
import { call, invalid } from '../support/untyped-call.ts';

const MEBIBYTE = 2 ** 20;
const UNTOUCHED = 0xa5;

async function withStore(run: (store: Store) => Promise<void>, options: StoreOptions = {}): Promise<void> {
  const store = await Store.create({ memory: 8 * MEBIBYTE, populateAhead: 0, ...options });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

function bytesFrom(start: number, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).map((_, index) => start + index * 7);
}

/** Bytes of a target, shared or not. */
function shown(target: CopyTarget): Uint8Array {
  return ArrayBuffer.isView(target)
    ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    : new Uint8Array(target);
}

test('every kind of view is copied to every kind of memory, and nothing stays behind', () =>
  withStore(async (store) => {
    const bytes = bytesFrom(1, 48);
    const values = [
      bytes,
      new Uint8ClampedArray(bytes.buffer),
      new Int16Array(bytes.buffer),
      new Float64Array(bytes.buffer),
      new BigInt64Array(bytes.buffer),
      new DataView(bytes.buffer),
      Buffer.from(bytes),
      bytes.buffer,
    ];
    const targets = (): CopyTarget[] => [
      new Uint8Array(48),
      // So small that it has no buffer before anybody asks for it.
      new Float64Array(6),
      new Int32Array(new SharedArrayBuffer(48)),
      new ArrayBuffer(48),
      new SharedArrayBuffer(48),
      new DataView(new ArrayBuffer(64), 16),
      Buffer.alloc(48),
    ];
    for (const value of values) {
      const ref: ObjectRef<typeof value> = await store.put(value);
      for (const target of targets()) {
        assert.is(store.getIntoSync(ref, target), 48);
        assert.equal([...shown(target)].slice(0, 48), [...bytes]);
      }
      for (const target of targets()) {
        assert.is(await store.getInto(ref, target), 48);
        assert.equal([...shown(target)].slice(0, 48), [...bytes]);
      }
      ref.release();
    }
    assert.equal(store.list(), []);
    await store.verify();
  }));

test('exactly the bytes of the object change, wherever the target begins', () =>
  withStore(async (store) => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(5_000),
        fc.nat(100),
        fc.nat(100),
        fc.boolean(),
        async (size, before, after, sync) => {
          const bytes = bytesFrom(size, size);
          const memory = new Uint8Array(before + size + after).fill(UNTOUCHED);
          const expected = memory.slice();
          expected.set(bytes, before);
          using ref = await store.put(bytes);
          const target = memory.subarray(before);
          assert.is(sync ? store.getIntoSync(ref, target) : await store.getInto(ref, target), size);
          assert.is(Buffer.compare(memory, expected), 0);
        },
      ),
    );
  }));

test('a copy of more than 32 MiB', () =>
  withStore(
    async (store) => {
      const bytes = new Uint8Array(33 * MEBIBYTE + 13);
      for (let index = 0; index < bytes.length; index += 1_000) bytes[index] = index >>> 3;
      const ref = await store.put(bytes);
      const target = new Uint8Array(bytes.length + 5);
      assert.is(await store.getInto(ref, target.subarray(5)), bytes.length);
      assert.is(Buffer.compare(target.subarray(5), bytes), 0);
    },
    { memory: 64 * MEBIBYTE },
  ));

test('a target that is too small is told so, and stays as it was', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(100));
    for (const target of [new Uint8Array(99).fill(UNTOUCHED), new Uint8Array(0), new ArrayBuffer(1)]) {
      const error = await failure(
        () => store.getIntoSync(ref, target),
        InvalidArgumentError,
        'InvalidArgument',
      );
      assert.equal(error.values, { name: 'target', byteLength: target.byteLength, sizeBytes: 100 });
      assert.ok(shown(target).every((byte) => byte === UNTOUCHED || byte === 0));
    }
    const detached = new Uint8Array(100);
    structuredClone(detached, { transfer: [detached.buffer] });
    await failure(() => store.getInto(ref, detached), InvalidArgumentError, 'InvalidArgument');
    assert.is(await store.getInto(await store.put(new Uint8Array(0)), detached), 0, 'nothing needs no room');
    await store.verify();
  }));

test('getInto takes one object and memory, and says so at once, also for an object that does not exist yet', () =>
  withStore(async (store) => {
    const ref = await store.put(new Uint8Array(8));
    const id = ObjectId.fromRandom();
    for (const method of ['getInto', 'getIntoSync']) {
      for (const target of [undefined, null, {}, [0, 0], 8, 'memory']) {
        await invalid(() => call(store, method, ref, target), 'target');
        await invalid(() => call(store, method, id, target), 'target');
      }
      const target = new Uint8Array(8);
      for (const name of [undefined, [ref], ref.token, id.hex]) {
        await invalid(() => call(store, method, name, target), 'ref');
      }
      await invalid(() => call(store, method, ref, target, { timeout: -1 }), 'timeout');
      await invalid(() => call(store, method, ref, target, 5), 'options');
    }
  }));

test('sealed objects are no targets, slots that are being written are', () =>
  withStore(async (store) => {
    const ref = await store.put(bytesFrom(3, 64));
    const other = await store.put(new Uint8Array(64));
    const view = await store.get(other);
    const error = await failure(() => store.getIntoSync(ref, view), InvalidArgumentError, 'InvalidArgument');
    assert.match(error.message, 'memory of a store');
    assert.ok(view.every((byte) => byte === 0));
    const slot = await store.create(128);
    assert.is(store.getIntoSync(ref, slot.view.subarray(32)), 64);
    const copy = await slot.seal().get();
    assert.equal([...copy], [...new Uint8Array(32), ...bytesFrom(3, 64), ...new Uint8Array(32)]);
  }));

test('objects of another store are no targets either, also when it is closed', () =>
  withStore(async (store) => {
    const other = await Store.create({ memory: MEBIBYTE, populateAhead: 0 });
    const view = await other.get(await other.put(bytesFrom(1, 64)));
    const ref = await store.put(bytesFrom(9, 64));
    await failure(() => store.getIntoSync(ref, view), InvalidArgumentError, 'InvalidArgument');
    await other.close();
    await failure(() => store.getInto(ref, view), InvalidArgumentError, 'InvalidArgument');
    assert.equal([...view], [...bytesFrom(1, 64)]);
    other.release(view);
    assert.is(store.getIntoSync(ref, new Uint8Array(64)), 64);
  }));

test('a structured value has no bytes to be copied', () =>
  withStore(async (store) => {
    const target = new Uint8Array(1_000).fill(UNTOUCHED);
    const values = [{ a: 1 }, 'text', 7, /regular/, null];
    for (const value of values) {
      const ref = store.ref<Uint8Array>((await store.put(value)).id);
      await failure(() => store.getIntoSync(ref, target), InvalidArgumentError, 'InvalidArgument');
      await failure(() => store.getInto(ref, target), InvalidArgumentError, 'InvalidArgument');
    }
    assert.ok(target.every((byte) => byte === UNTOUCHED));
    await store.verify();
  }));

test('it waits as get does: for the seal, for an id, and no longer than it may', () =>
  withStore(async (store) => {
    const target = new Uint8Array(8);
    const slot = await store.create(8);
    const ref = store.ref<Uint8Array>(slot.token);
    await failure(() => store.getIntoSync(ref, target), ObjectNotSealedError, 'Invalid');
    await failure(() => store.getInto(ref, target, { timeout: 0 }), TimedOutError, 'TimedOut');
    await failure(() => store.getIntoSync(ref, target, { timeout: 1 }), TimedOutError, 'TimedOut');
    const pending = store.getInto(ref, target);
    slot.view.set(bytesFrom(9, 8));
    slot.seal();
    assert.is(await pending, 8);
    assert.equal(target, bytesFrom(9, 8));

    const id = ObjectId.fromRandom();
    const named = store.getInto(id, target);
    const kept = await store.put(bytesFrom(4, 5), { id });
    assert.is(await named, 5);
    assert.equal([...target.subarray(0, 5)], [...bytesFrom(4, 5)]);
    assert.is(store.getIntoSync(id, target), 5);
    kept.release();
    await failure(() => store.getInto(kept, target), RefReleasedError, 'Invalid');
  }));

test('what is gone is gone', async () => {
  const store = await Store.create({ memory: MEBIBYTE, populateAhead: 0 });
  const target = new Uint8Array(8);
  const ref = await store.put(new Uint8Array(8));
  store.delete(ref);
  await failure(() => store.getIntoSync(ref, target), ObjectNotFoundError, 'ObjectNotFound');
  await failure(() => store.getInto(ref, target), ObjectNotFoundError, 'ObjectNotFound');
  const last = await store.put(new Uint8Array(8));
  await store.close();
  await failure(() => store.getIntoSync(last, target), StoreClosedError, 'Disconnected');
  await failure(() => store.getInto(last, target), StoreClosedError, 'Disconnected');
});

test('objects on disk are copied from there', async () => {
  const spillDirectory = mkdtempSync(join(tmpdir(), 'plasmoid-spill-'));
  try {
    await withStore(
      async (store) => {
        const refs: ObjectRef<Uint8Array>[] = [];
        for (let index = 0; index < 40; index++) refs.push(await store.put(bytesFrom(index, MEBIBYTE / 2)));
        assert.ok((await store.stats()).fallback.objectBytes > 0);
        const target = new Uint8Array(MEBIBYTE / 2);
        for (const [index, ref] of refs.entries()) {
          assert.is(store.getIntoSync(ref, target), target.length);
          assert.is(Buffer.compare(target, bytesFrom(index, MEBIBYTE / 2)), 0);
        }
        await store.verify();
      },
      { spillDirectory },
    );
  } finally {
    rmSync(spillDirectory, { recursive: true });
  }
});

test('in debug mode, changed bytes are not copied', () =>
  withStore(
    async (store) => {
      const ref = await store.put(new Uint8Array(1_000));
      const target = new Uint8Array(1_000).fill(UNTOUCHED);
      assert.is(store.getIntoSync(ref, target), 1_000);
      const view = await store.get(ref);
      new Uint8Array(view.buffer as ArrayBuffer)[500] = 1;
      target.fill(UNTOUCHED);
      const error = await failure(() => store.getIntoSync(ref, target), ObjectDamagedError, 'Invalid');
      assert.match(String(error.values.callSite), 'get-into.test');
      assert.ok(target.every((byte) => byte === UNTOUCHED));
    },
    { debug: true },
  ));

test.run();
