/**
 * A worker that puts, gets and drops, so that it has a stock and views that only its own collector can give back, and
 * then is busy for some seconds without a turn of its event loop.
 */
import { workerData } from 'node:worker_threads';
import { Store } from '../../src/index.ts';

/** Words of the gate, shared with the test. */
export const GATE = Object.freeze({ BUSY: 0, TURNS: 1, DONE: 2, LET_GO: 3, DROP: 4, DROPPED: 5, WORDS: 6 });

function busy(): void {
  const gate: Int32Array = workerData.gate;
  const store = Store.connectSync(workerData.store);
  const kept: unknown[] = [];
  for (let index = 0; index < workerData.objects; index++) {
    kept.push(store.getSync(store.putSync(new Uint8Array(workerData.objectBytes))));
  }
  Atomics.add(gate, GATE.BUSY, 1);
  const endMs = performance.now() + workerData.busyMs;
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

if (workerData?.gate !== undefined) busy();
