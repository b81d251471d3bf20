/** A worker that takes hold of things or waits for memory, tells so, and is then terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { Store } from '../../src/index.ts';
import { isFull } from '../support/full.ts';

const VIEWS = 1_000;
const UNSEALED = 20;

const kept: unknown[] = [];

function sleep(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const roles: Record<string, () => void | Promise<void>> = {
  /** Views, refs, unsealed slots, a stock, and a window sent away. */
  holder() {
    const store = Store.connectSync(workerData.store);
    for (let index = 0; index < VIEWS; index++) {
      const ref = store.putSync(new Uint8Array(1_000).fill(index));
      kept.push(ref, ref.getSync());
    }
    for (let index = 0; index < UNSEALED; index++) kept.push(store.createSync(1_000));
    const moved = store.putSync(Uint8Array.from({ length: 100_000 }, (_, index) => index % 251));
    const shared = store.putSync(new Uint8Array(1_000).fill(8));
    const deleted = store.putSync(new Uint8Array(1_000).fill(9));
    kept.push(shared, deleted);
    // Its block stands in the stock from then on.
    store.putSync(new Uint8Array(1_000)).release();
    const { buffer } = moved.getSync();
    const tokens = { shared: shared.token, deleted: deleted.token };
    parentPort?.postMessage({ buffer, ...tokens }, [buffer as ArrayBuffer]);
    sleep();
  },

  /** Windows that others sent. */
  keeper() {
    parentPort?.on('message', (buffer) => parentPort?.postMessage(kept.push(buffer)));
  },

  /** Unsealed slots, many of them: its end takes a while. */
  writer() {
    const store = Store.connectSync(workerData.store);
    for (let index = 0; index < workerData.slots; index++) kept.push(store.createSync(64));
    parentPort?.postMessage('ready');
    sleep();
  },

  /** All the memory there is. */
  hog() {
    const store = Store.connectSync(workerData.store);
    try {
      for (;;) kept.push(store.putSync(new Uint8Array(2 ** 18)));
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    parentPort?.postMessage('full');
    sleep();
  },

  /** Waits for memory in synchronous calls until it gets some, or until another error than that of a full store. */
  waiter() {
    const store = Store.connectSync(workerData.store);
    parentPort?.postMessage('waiting');
    for (;;) {
      try {
        store.putSync(new Uint8Array(workerData.bytes)).release();
        parentPort?.postMessage('served');
        return;
      } catch (error) {
        if (isFull(error)) continue;
        parentPort?.postMessage(error instanceof Error && 'code' in error ? error.code : String(error));
        return;
      }
    }
  },

  /** As many connections as there are records for. */
  crowd() {
    try {
      for (;;) {
        const store = Store.connectSync(workerData.store);
        kept.push(store, store.putSync(new Uint8Array(10)), store.createSync(10));
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : String(error);
      parentPort?.postMessage({ code, clients: kept.length / 3 });
    }
    sleep();
  },

  /** A store of its own, with a disk. */
  async owner() {
    const { spillDirectory } = workerData;
    const store = await Store.create({ memory: 2 ** 20, spillDirectory, spillLimit: 2 ** 22 });
    const ref = await store.put(new Uint8Array(1_000).fill(5));
    kept.push(store, ref, await ref.get(), await store.put(new Uint8Array(2 ** 21)));
    parentPort?.postMessage({ handle: store.handle, token: ref.token });
    // Until it is terminated.
    setInterval(() => kept.length, 1_000);
  },

  /** Stores without end. */
  async founder() {
    for (;;) {
      kept.push(await Store.create({ memory: 2 ** 20, spillDirectory: workerData.spillDirectory }));
      parentPort?.postMessage('made');
    }
  },
};

await roles[workerData.role]?.();
