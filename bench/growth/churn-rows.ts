/** Put and get, each timed by itself, while objects of all sizes come and go and memory is mostly full. */

import type { Row } from '../harness.ts';
import { ChurnThreads } from './churn-threads.ts';
import type { ChurnPart } from './churn-worker.ts';
import { Shared } from './shared.ts';

/**
 * At the quick scale as well: with half of it the free memory falls at times into pieces smaller than the largest object, and
 * a put that is refused takes seconds, for everything is tried before.
 */
const MEMORY_BYTES = 512 * 2 ** 20;
const STEPS = { full: 5_000, quick: 1_000 };
const SEED = 1;
const MOST_TIMES = 100;
const PARTS: readonly ChurnPart[] = ['put + get', 'put', 'get', 'the clock alone'];

async function endChurn(churn: ChurnThreads): Promise<void> {
  await churn.empty();
  await churn.store.close();
}

function churnRow(threads: number, heapMegabytes?: number): Row {
  const heap = heapMegabytes === undefined ? '' : `, heaps of ${heapMegabytes} MB`;
  let shared: Shared<ChurnThreads> | undefined;
  return {
    name: `growth: churn, 64 B to 1 MiB, ${threads === 1 ? 'one worker' : `${threads} workers`}${heap}`,
    unit: 'µs',
    subjects: PARTS.map((part) => ({
      name: part,
      setUp: async ({ quick }) => {
        shared ??= new Shared(
          () => ChurnThreads.start({ memoryBytes: MEMORY_BYTES, threads, seed: SEED }),
          endChurn,
        );
        const used = shared;
        const churn = await used.enter();
        const steps = quick ? STEPS.quick : STEPS.full;
        return {
          round: async () => {
            const measured = await churn.ask({ task: 'measure', steps, part });
            return measured.flatMap((figures) => [...figures]);
          },
          tearDown: () => used.leave(),
        };
      },
    })),
    ...(heapMegabytes === undefined ? {} : { heapMegabytes }),
    claims: [{ subject: 'put + get', figure: 'p999', against: ['put + get'], times: 1 / MOST_TIMES }],
  };
}

export const rows: readonly Row[] = [churnRow(1), churnRow(2), churnRow(2, 300)];
