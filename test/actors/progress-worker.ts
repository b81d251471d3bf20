/**
 * A worker that puts, gets and drops, so that it has a stock and views that only its own collector can give back, and
 * then is busy for some seconds without a turn of its event loop.
 */
import { workerData } from 'node:worker_threads';
import { Store, type StoreHandle } from '../../src/index.ts';

/** Words of the gate, shared with the test. */
export const GATE = Object.freeze({ BUSY: 0, TURNS: 1, DONE: 2, LET_GO: 3, DROP: 4, DROPPED: 5, WORDS: 6 });

/** What the worker is told. */
export interface ProgressData {
  readonly store: StoreHandle;
  readonly gate: Int32Array;
  /** Sizes of which it shall have a stock. */
  readonly stockSizes: readonly number[];
  readonly objectBytes: number;
  /** How many views it drops in its busy loop. */
  readonly objects: number;
  readonly busyMs: number;
  /** Instead of all that: to put an object of this size when it is let go. */
  readonly putBytes?: number;
}

/** Objects of a size that are put and released together, and leave their blocks in the stock as far as it takes them. */
const PUTS_FOR_STOCK = 6;

function busy(store: Store, { gate, stockSizes, objectBytes, objects, busyMs }: ProgressData): void {
  for (const bytes of stockSizes) {
    const refs = Array.from({ length: PUTS_FOR_STOCK }, () => store.putSync(new Uint8Array(bytes)));
    for (const ref of refs) ref.release();
  }
  const kept: unknown[] = [];
  for (let index = 0; index < objects; index++) {
    kept.push(store.getSync(store.putSync(new Uint8Array(objectBytes))));
  }
  Atomics.add(gate, GATE.BUSY, 1);
  const endMs = performance.now() + busyMs;
  while (performance.now() < endMs && Atomics.load(gate, GATE.LET_GO) === 0) {
    Atomics.add(gate, GATE.TURNS, 1);
    // Only now, when the test has seen them: what comes back after this comes from a thread without a turn of its loop.
    if (kept.length > 0 && Atomics.load(gate, GATE.DROP) === 1) {
      kept.length = 0;
      Atomics.add(gate, GATE.DROPPED, 1);
    }
  }
  Atomics.add(gate, GATE.DONE, 1);
}

function putWhenLetGo(store: Store, gate: Int32Array, bytes: number): void {
  Atomics.add(gate, GATE.BUSY, 1);
  Atomics.wait(gate, GATE.LET_GO, 0);
  store.putSync(new Uint8Array(bytes));
  Atomics.add(gate, GATE.DONE, 1);
}

if (workerData?.gate !== undefined) {
  const data: ProgressData = workerData;
  const store = Store.connectSync(data.store);
  if (data.putBytes === undefined) busy(store, data);
  else putWhenLetGo(store, data.gate, data.putBytes);
}
