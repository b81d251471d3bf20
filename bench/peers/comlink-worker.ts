/** An object behind comlink, in a worker of its own. */
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { Counter } from './plasmoid-tasks.ts';

if (parentPort !== null) expose(new Counter(), nodeEndpoint(parentPort));
