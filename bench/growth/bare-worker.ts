/** A worker thread with nothing in it: says that it is there, and stays until it is ended. */

import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => {});
parentPort?.postMessage('ready');
