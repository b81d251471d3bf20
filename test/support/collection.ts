/** Waiting for what the collector does in its own time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Store, StoreStatistics } from '../../src/index.ts';

/** Collects everything that can be collected on this thread. Needs `--expose-gc`. */
export function collect(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
}

const TRIES = 500;

/** Collects until the statistics are as wished; the last ones seen. Fails when they never are. */
export async function collectUntil(
  store: Store,
  wished: (stats: StoreStatistics) => boolean,
): Promise<StoreStatistics> {
  for (let attempt = 0; ; attempt++) {
    const stats = await store.stats();
    if (wished(stats)) return stats;
    if (attempt === TRIES) throw new Error(`never came: ${JSON.stringify(stats)}`);
    collect();
    // Backing stores are swept on another thread: there is nothing to wait on but their effect.
    await delay(5);
  }
}
