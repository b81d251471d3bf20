/**
 * poolifier 5, a fixed pool: events off, since nobody listens; with its task queues each worker gets so many tasks at
 * once, `concurrency`, and the rest waits where idle workers may steal it; without them, its default, all tasks are
 * posted at once. `ROUND_ROBIN` is the strategy that costs least where all tasks are alike, and it measures no task.
 */
import { fileURLToPath } from 'node:url';
import type { PoolPeer } from './pool.ts';

const CONCURRENCY = 64;

function poolifier(name: string, enableTasksQueue: boolean): PoolPeer {
  return {
    name,
    open: async (workers) => {
      const { FixedThreadPool, WorkerChoiceStrategies } = await import('poolifier');
      const file = fileURLToPath(new URL('./poolifier-worker.js', import.meta.url));
      let left = workers;
      let allLeft = (): void => {};
      const ended = new Promise<void>((resolve) => {
        allLeft = resolve;
      });
      const pool = new FixedThreadPool(workers, file, {
        enableEvents: false,
        exitHandler: () => {
          if (--left === 0) allLeft();
        },
        workerChoiceStrategy: WorkerChoiceStrategies.ROUND_ROBIN,
        workerOptions: { execArgv: [] },
        enableTasksQueue,
        ...(enableTasksQueue ? { tasksQueueOptions: { concurrency: CONCURRENCY } } : {}),
      });
      return {
        run: (task, argument) => pool.execute(argument, task),
        // `destroy` waits for ever when a worker has left before it listens.
        end: () => Promise.race([pool.destroy(), ended]),
      };
    },
  };
}

export const poolifiers: readonly PoolPeer[] = [
  poolifier('poolifier, fixed pool', false),
  poolifier(`poolifier, task queues, ${CONCURRENCY} per worker`, true),
];
