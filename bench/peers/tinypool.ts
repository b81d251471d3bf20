/**
 * tinypool 2, a smaller piscina: `useAtomics` (its default) lets a worker wait in `Atomics.wait` for the next task,
 * and `concurrentTasksPerWorker: 64` lets there be one, as for piscina. `isolateWorkers` stays off: it would start a
 * worker for each task.
 */
import type { PoolPeer } from './pool.ts';

export const tinypool: PoolPeer = {
  name: 'tinypool, 64 per worker',
  open: async (workers) => {
    const { Tinypool } = await import('tinypool');
    const pool = new Tinypool({
      filename: new URL('./functions.js', import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      useAtomics: true,
      concurrentTasksPerWorker: 64,
    });
    return { run: (name, argument) => pool.run(argument, { name }), end: () => pool.destroy() };
  },
};
