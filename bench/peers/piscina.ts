/**
 * piscina 5: `atomics` says how its threads wait for each other, `concurrentTasksPerWorker` how many tasks may be under
 * way to one. Its documents call `sync` the fastest for short tasks, and each mode wants another number: with `sync` one
 * task at a time answers soonest and 64 give the best throughput; the others need the 64 to have anything waiting for
 * a thread that wakes up. `recordTiming: false` saves its histograms. As many threads at least as at most, so that
 * none is started or ended meanwhile.
 */
import { Piscina } from 'piscina';
import type { PoolPeer } from './pool.ts';

export interface PiscinaMode {
  readonly name: string;
  readonly atomics: 'sync' | 'async' | 'disabled';
  readonly concurrentTasksPerWorker: number;
}

function mode(atomics: PiscinaMode['atomics'], concurrentTasksPerWorker: number): PiscinaMode {
  return {
    name: `piscina ${atomics}, ${concurrentTasksPerWorker} per worker`,
    atomics,
    concurrentTasksPerWorker,
  };
}

/** Its fastest for single tasks. */
export const PISCINA_SINGLE: PiscinaMode = mode('sync', 1);

export const PISCINA_MODES: readonly PiscinaMode[] = [
  PISCINA_SINGLE,
  mode('sync', 64),
  mode('async', 64),
  mode('disabled', 64),
];

export function openPiscina(
  filename: string,
  threads: number,
  { atomics, concurrentTasksPerWorker }: PiscinaMode,
): Piscina {
  return new Piscina({
    filename,
    minThreads: threads,
    maxThreads: threads,
    atomics,
    concurrentTasksPerWorker,
    recordTiming: false,
  });
}

export function piscinaPeer(mode: PiscinaMode): PoolPeer {
  return {
    name: mode.name,
    open: (workers) => {
      const pool = openPiscina(new URL('./functions.js', import.meta.url).href, workers, mode);
      return { run: (name, argument) => pool.run(argument, { name }), end: () => pool.destroy() };
    },
  };
}

export const piscinaPeers: readonly PoolPeer[] = PISCINA_MODES.map(piscinaPeer);
