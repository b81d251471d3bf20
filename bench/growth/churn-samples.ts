/** A churn that goes on for as long as is asked for, and what is seen of it meanwhile. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ChurnThreads } from './churn-threads.ts';

/** What is seen at one time. */
export interface ChurnSample {
  readonly atSeconds: number;
  /** Of the whole process; the store's memory, all of which is populated, is among it. */
  readonly rssBytes: number;
  /** Of all threads that run JavaScript of ours. */
  readonly heapUsedBytes: number;
  readonly objectCount: number;
  readonly objectBytes: number;
  readonly allocatedBytes: number;
  readonly freeBytes: number;
  readonly largestFreeBytes: number;
  /** Since the beginning. */
  readonly steps: number;
  readonly requestedCollections: number;
  /** Puts that the store refused, for want of a piece that was large enough. */
  readonly refusals: number;
}

/** Lets the threads run, and looks at them so often. */
export async function sampleChurn(
  churn: ChurnThreads,
  durationMs: number,
  intervalMs: number,
): Promise<ChurnSample[]> {
  const samples: ChurnSample[] = [];
  const startMs = performance.now();
  await churn.ask({ task: 'run' });
  for (let atMs = intervalMs; atMs <= durationMs; atMs += intervalMs) {
    await sleep(Math.max(0, startMs + atMs - performance.now()));
    samples.push(await look(churn, (performance.now() - startMs) / 1000));
  }
  return samples;
}

async function look(churn: ChurnThreads, atSeconds: number): Promise<ChurnSample> {
  const news = await churn.ask({ task: 'tell' });
  const { primary, objectCount, requestedCollections } = await churn.store.stats();
  const memory = process.memoryUsage();
  return {
    atSeconds,
    rssBytes: memory.rss,
    heapUsedBytes: news.reduce((sum, { heapUsedBytes }) => sum + heapUsedBytes, memory.heapUsed),
    objectCount,
    objectBytes: primary.objectBytes,
    allocatedBytes: primary.allocatedBytes,
    freeBytes: primary.capacityBytes - primary.allocatedBytes - primary.leasedBytes,
    largestFreeBytes: primary.largestFreeBytes,
    steps: news.reduce((sum, { steps }) => sum + steps, 0),
    requestedCollections,
    refusals: news.reduce((sum, { refusals }) => sum + refusals, 0),
  };
}

const MIB = 2 ** 20;

/** At most so many rows, evenly spread. */
export function formatSamples(samples: readonly ChurnSample[], rows = 30): string {
  const every = Math.max(1, Math.ceil(samples.length / rows));
  const heads = [
    's',
    'steps',
    'RSS MiB',
    'heap MiB',
    'objects',
    'free MiB',
    'largest',
    'collected',
    'refused',
  ];
  const lines = samples
    .filter((_, index) => (index + 1) % every === 0)
    .map((sample) => [
      sample.atSeconds.toFixed(0),
      sample.steps.toString(),
      (sample.rssBytes / MIB).toFixed(1),
      (sample.heapUsedBytes / MIB).toFixed(1),
      sample.objectCount.toString(),
      (sample.freeBytes / MIB).toFixed(1),
      (sample.largestFreeBytes / MIB).toFixed(2),
      sample.requestedCollections.toString(),
      sample.refusals.toString(),
    ]);
  return [heads, ...lines].map((line) => line.map((text) => text.padStart(11)).join('')).join('\n');
}
