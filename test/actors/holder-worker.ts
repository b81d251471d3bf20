/** A worker that takes hold of things, tells so, and then waits to be terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { Store } from '../../src/index.ts';

const VIEWS = 1_000;

if (workerData?.role === 'holder') {
  const store = Store.connectSync(workerData.store);
  const kept: unknown[] = [];
  for (let index = 0; index < VIEWS; index++) {
    const ref = store.putSync(new Uint8Array(1_000).fill(index));
    kept.push(ref, ref.getSync());
  }
  for (let index = 0; index < 20; index++) kept.push(store.createSync(1_000));
  const moved = store.putSync(new Uint8Array(100_000).fill(7));
  const shared = store.putSync(new Uint8Array(1_000).fill(8));
  const view = moved.getSync();
  parentPort?.postMessage({ buffer: view.buffer, token: shared.token, kept: kept.length }, [view.buffer]);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

if (workerData?.role === 'waiter') {
  const store = Store.connectSync(workerData.store);
  parentPort?.postMessage('waiting');
  let answer = 'nothing';
  try {
    // Waits, or is told that the store is full, or that it was closed.
    for (;;) {
      const ref = store.putSync(new Uint8Array(workerData.bytes));
      ref.release();
    }
  } catch (error) {
    answer = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  parentPort?.postMessage(answer);
}

if (workerData?.role === 'owner') {
  const store = await Store.create({ memory: 2 ** 20, spillLimit: 0 });
  const ref = await store.put(new Uint8Array(1_000).fill(5));
  // Until it is terminated.
  setInterval(() => ref.released, 1_000);
  parentPort?.postMessage({ handle: store.handle });
}
