/**
 * Says what the slowest steps of a churn waited for:
 *
 *     node dist/bench/growth/churn-causes.js [steps of each thread] [threads] [part forgotten]
 *
 * Each slow step is put down to what took most of it. Linux only.
 */

import { quantile } from '../harness.ts';
import { formatFigure } from '../table.ts';
import { ChurnThreads } from './churn-threads.ts';
import type { SlowStep } from './churn-trace.ts';

const [stepsGiven, threadsGiven, forgottenPart] = process.argv.slice(2).map(Number);
const STEPS = stepsGiven ?? 50_000;
const THREADS = threadsGiven ?? 2;
const SLOW_US = 20;
const TAIL = 0.999;
const COPIED_MS_PER_BYTE = 1e-6 / 3;

/** Milliseconds that each cause explains. A round trip whose answer found no processor is the scheduler's. */
function causesOf(step: SlowStep): Record<string, number> {
  return {
    'no processor for the thread': step.unscheduledMs,
    'the collector of this thread': step.collectedMs,
    'round trips to the actor': Math.max(0, step.roundTripMs - step.unscheduledMs - step.collectedMs),
    'copying, at 3 GB/s': step.bytes * COPIED_MS_PER_BYTE,
  };
}

function mainCause(step: SlowStep): string {
  const [cause, milliseconds] = Object.entries(causesOf(step)).reduce((one, other) =>
    other[1] > one[1] ? other : one,
  );
  if (milliseconds >= (step.gotMs - step.startMs) / 3) return cause;
  return step.pageFaults > 0 ? 'page faults' : 'unknown';
}

const churn = await ChurnThreads.start({
  memoryBytes: 256 * 2 ** 20,
  threads: THREADS,
  seed: 1,
  ...(forgottenPart === undefined ? {} : { forgottenPart }),
});
await churn.ask({ task: 'measure', steps: 5_000, part: 'put + get' });
const traces = await churn.ask({ task: 'trace', steps: STEPS, slowUs: SLOW_US });
const left = await churn.empty();
await churn.store.close();

const durationsMs = traces.flatMap((trace) => [...trace.durationsMs]);
const [median, tail] = [quantile(durationsMs, 0.5), quantile(durationsMs, TAIL)];
const us = (milliseconds: number): string => formatFigure(milliseconds * 1000);
console.log(
  `put + get: median ${us(median)} µs, p99 ${us(quantile(durationsMs, 0.99))} µs, p99.9 ${us(tail)} µs, ` +
    `longest ${us(Math.max(...durationsMs))} µs; ${left.requestedCollections} collections asked for\n`,
);
const groups = new Map<string, SlowStep[]>();
const slowest = traces.flatMap((trace) => trace.slow).filter(({ startMs, gotMs }) => gotMs - startMs >= tail);
for (const step of slowest) {
  const cause = mainCause(step);
  groups.set(cause, [...(groups.get(cause) ?? []), step]);
}
console.log(`${slowest.length} steps beyond p99.9:`);
for (const [cause, steps] of [...groups].sort((one, other) => other[1].length - one[1].length)) {
  const middle = quantile(
    steps.map(({ startMs, gotMs }) => gotMs - startMs),
    0.5,
  );
  const trips = steps.reduce((sum, { roundTrips }) => sum + roundTrips, 0);
  console.log(
    `  ${cause.padEnd(30)} ${String(steps.length).padStart(5)} times, median ${us(middle).padStart(6)} µs, ` +
      `${trips} round trips`,
  );
}
