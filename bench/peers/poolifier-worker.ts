/** A worker of poolifier. */
import { isMainThread } from 'node:worker_threads';
import { ThreadWorker } from 'poolifier';
import { ends, type Move, move, nothing } from './functions.ts';

// What a pool sends is of no type; each task knows what it is called with.
export default isMainThread
  ? undefined
  : new ThreadWorker<unknown, unknown>({
      nothing: () => nothing(),
      move: (step?: unknown) => move(step as Move),
      ends: (values?: unknown) => ends(values as Float64Array),
    });
