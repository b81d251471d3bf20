/** A worker of the store's benchmarks; see `store.ts`. */

import { parentPort, workerData } from 'node:worker_threads';
import { type ObjectRef, type ObjectToken, Store, type StoreHandle } from '../src/index.ts';
import {
  type Batches,
  type Loop,
  makeSource,
  type Step,
  SYNC_LOOPS,
  type SyncLoopName,
  timeBatches,
  timeStep,
  touch,
} from './store-loops.ts';

/** What a worker does. */
export type StoreWorkerData = { readonly handle: StoreHandle } & (
  | {
      readonly task: 'loop';
      readonly loop: SyncLoopName;
      readonly bytes: number;
      readonly batches: Batches;
    }
  | {
      readonly task: 'step';
      readonly step: Step;
      readonly bytes: number;
      readonly width: number;
      readonly batches: Batches;
    }
  | { readonly task: 'receive' }
);

/** What is handed to a receiving worker: an object's token, or the value itself. */
export type Delivery = { readonly token: ObjectToken<Float64Array> } | { readonly value: Float64Array };

function receive(store: Store, delivery: Delivery): void {
  if ('value' in delivery) {
    touch(delivery.value);
    return;
  }
  const ref: ObjectRef<Float64Array> = store.ref(delivery.token);
  const view = store.getSync(ref);
  touch(view);
  store.release(view);
  ref.release();
}

async function serve(data: StoreWorkerData): Promise<void> {
  const port = parentPort!;
  const store = await Store.connect(data.handle);
  switch (data.task) {
    case 'receive':
      port.on('message', (delivery: Delivery) => {
        receive(store, delivery);
        port.postMessage(true);
      });
      return;
    case 'loop': {
      const loop: Loop = SYNC_LOOPS[data.loop](store, data.bytes);
      port.on('message', async () => {
        port.postMessage(await timeBatches(loop, data.batches));
      });
      return;
    }
    case 'step': {
      const source = makeSource(data.bytes);
      port.on('message', () => {
        port.postMessage(timeStep(store, source, data.step, data.width, data.batches));
      });
      return;
    }
  }
}

// Nothing is served when the main thread imports this file.
if (parentPort !== null) await serve(workerData as StoreWorkerData);
