/** A worker of workerpool. */
import { isMainThread } from 'node:worker_threads';
import library from 'workerpool';
import { ends, move, nothing } from './functions.ts';

if (!isMainThread) library.worker({ nothing, move, ends });
