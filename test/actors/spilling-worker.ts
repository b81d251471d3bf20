/** A worker that keeps more objects than its share of the memory, and reads, replaces and deletes them at random. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ObjectRef, Store, type StoreHandle } from '../../src/index.ts';
import { randomFrom } from '../support/random.ts';

interface SpillingData {
  readonly role: 'spilling';
  readonly store: StoreHandle;
  readonly number: number;
  readonly rounds: number;
}

const KEPT = 24;
const SIZES = [1000, 70_000, 300_000, 1_000_000];

function work({ store: handle, number, rounds }: SpillingData): string {
  const store = Store.connectSync(handle);
  const random = randomFrom(number + 1);
  const kept = new Map<number, { ref: ObjectRef<Uint8Array>; byte: number; size: number }>();
  for (let round = 0; round < rounds; round++) {
    const which = Math.floor(random() * KEPT);
    const one = kept.get(which);
    if (one !== undefined) {
      const view = store.getSync(one.ref);
      const isWhole = view.length === one.size && view.every((byte) => byte === one.byte);
      if (!isWhole) return `worker ${number}, round ${round}: wrong bytes of ${one.size}`;
      if (random() < 0.5) store.release(view);
      if (random() < 0.3) store.delete(one.ref);
      one.ref.release();
    }
    const byte = round & 0xff;
    const size = SIZES[Math.floor(random() * SIZES.length)] ?? 1;
    kept.set(which, { ref: store.putSync(new Uint8Array(size).fill(byte)), byte, size });
  }
  return 'whole';
}

const data: SpillingData | undefined = workerData;
if (data?.role === 'spilling') parentPort?.postMessage(work(data));
