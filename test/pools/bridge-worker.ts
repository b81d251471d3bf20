/** A worker of the bridge's test: makes a window and hands it on, or uses the id index beside other threads. */
import { parentPort, workerData } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import {
  ObjectExistsError,
  ObjectId,
  ObjectNotFoundError,
  ObjectNotSealedError,
  type ObjectRef,
  Store,
  type StoreHandle,
} from '../../src/index.ts';
import { randomFrom } from '../support/random.ts';

/** What such a worker is told. */
export interface Order {
  readonly role: 'window' | 'index';
  readonly store: StoreHandle;
  readonly number: number;
  readonly seed: number;
}

/** An id of a thread's own, or with group 99 of all. */
export function idOf(group: number, which: number): ObjectId {
  const bytes = new Uint8Array(28);
  bytes.set([group + 1, which + 1], 8);
  return ObjectId.fromBinary(bytes);
}

/** A thread's life with ids: its own against a map, those of all against what their bytes must say. */
export function exerciseIndex(store: Store, { number, seed }: Order, rounds: number): number {
  const random = randomFrom(seed + number);
  const own = new Map<number, { ref: ObjectRef<Uint8Array>; byte: number }>();
  const shared: ObjectRef[] = [];
  let met = 0;
  for (let round = 0; round < rounds; round++) {
    const which = Math.floor(random() * 8);
    const kind = Math.floor(random() * 6);
    const id = idOf(number, which);
    const held = own.get(which);
    if (kind < 2 && held === undefined) {
      const byte = round & 0xff;
      own.set(which, { ref: store.putSync(new Uint8Array(100).fill(byte), { id }), byte });
    } else if (kind === 2) {
      assert.is(store.delete(id), held !== undefined, `${number}: deletion of ${which}`);
      held?.ref.release();
      own.delete(which);
    } else if (kind === 3) {
      assert.is(store.contains(id), held !== undefined, `${number}: look at ${which}`);
      if (held === undefined) continue;
      using ref = store.ref<Uint8Array>(id);
      const view = ref.getSync();
      assert.is(view[99], held.byte);
      store.release(view);
    }
    met += exerciseShared(store, Math.floor(random() * 4), kind, shared);
    while (shared.length > 2) shared.shift()?.release();
  }
  for (const ref of shared) ref.release();
  for (const { ref } of own.values()) ref.release();
  return met;
}

/** An id that all threads put, look up and delete: whoever reads it finds the bytes that belong to it. */
function exerciseShared(store: Store, which: number, kind: number, kept: ObjectRef[]): number {
  const id = idOf(99, which);
  try {
    if (kind < 2) {
      kept.push(store.putSync(new Uint8Array(64).fill(200 + which), { id }));
    } else if (kind === 2) {
      store.delete(id);
    } else {
      using ref = store.ref<Uint8Array>(id);
      const view = ref.getSync();
      assert.ok(view.length === 64 && view.every((byte) => byte === 200 + which));
      store.release(view);
      return 1;
    }
  } catch (error) {
    // An id can be found from its object's creation on, a moment before the object is sealed.
    const expected = [ObjectExistsError, ObjectNotFoundError, ObjectNotSealedError];
    if (!expected.some((type) => error instanceof type)) throw error;
  }
  return 0;
}

async function work(order: Order): Promise<void> {
  const store = Store.connectSync(order.store);
  if (order.role === 'index') {
    parentPort?.postMessage(exerciseIndex(store, order, 3_000));
    await store.close();
    return;
  }
  const view = store.getSync(store.putSync(new Uint8Array(10_000).fill(order.number)));
  parentPort?.postMessage(view.buffer, [view.buffer]);
  parentPort?.once('message', () => process.exit(0));
}

// The test itself imports this too, in the main thread.
if (workerData?.role === 'window' || workerData?.role === 'index') await work(workerData);
