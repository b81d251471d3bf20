/**
 * workerpool 10: a dedicated script with registered methods, as its documents advise over functions sent as text,
 * `workerType: 'thread'`, and all workers there from the start. It gives a worker one task at a time and has no
 * setting for that.
 */
import { fileURLToPath } from 'node:url';
import type { PoolPeer } from './pool.ts';

export const workerpool: PoolPeer = {
  name: 'workerpool',
  open: async (workers) => {
    const { default: library } = await import('workerpool');
    const pool = library.pool(fileURLToPath(new URL('./workerpool-worker.js', import.meta.url)), {
      workerType: 'thread',
      minWorkers: workers,
      maxWorkers: workers,
      workerThreadOpts: { execArgv: [] },
    });
    return {
      // Its promises lack what the type of a promise has; awaiting needs no more than `then`.
      run: (name, argument) => Promise.resolve(pool.exec(name, argument === undefined ? [] : [argument])),
      end: async () => {
        await pool.terminate(true);
      },
    };
  },
};
