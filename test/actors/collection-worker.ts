/** Runs a synchronous loop in a worker. */
import { parentPort, workerData } from 'node:worker_threads';
import { Store } from '../../src/index.ts';
import { loopSync } from './collection-loop.ts';

const store = Store.connectSync(workerData.store);
parentPort?.postMessage(loopSync(store, workerData.plan));
await store.close();
