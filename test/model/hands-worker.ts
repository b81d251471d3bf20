/** A worker that is one thread of the model test: hands, and the mail between them and the model. */
import { parentPort, workerData } from 'node:worker_threads';
import { Store } from '../../src/index.ts';
import type { Action } from './action.ts';
import { Hands } from './hands.ts';

const hands = new Hands(await Store.connect(workerData.store));
parentPort?.on('message', async (action: Action | 'end') => {
  if (action === 'end') {
    await hands.store.close();
    process.exit(0);
  }
  parentPort?.postMessage(await hands.run(action));
});
