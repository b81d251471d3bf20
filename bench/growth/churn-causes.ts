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
  memoryBytes: 512 * 2 ** 20,
  threads: THREADS,
  seed: 1,
  ...(forgottenPart === undefined ? {} : { forgottenPart }),
});
await churn.ask({ task: 'measure', steps: 5_000, part: 'put + get' });
const traces = await churn.ask({ task: 'trace', steps: STEPS, slowUs: SLOW_US });
const told = await churn.ask({ task: 'tell' });
const left = await churn.empty();
await churn.store.close();

const us = (milliseconds: number): string => formatFigure(milliseconds * 1000);

function describe(durationsMs: readonly number[]): string {
  const [median, p99, p999] = [0.5, 0.99, TAIL].map((fraction) => us(quantile(durationsMs, fraction)));
  return `median ${median} µs, p99 ${p99} µs, p99.9 ${p999} µs, longest ${us(quantile(durationsMs, 1))} µs`;
}

const durationsMs = traces.flatMap((trace) => [...trace.durationsMs]);
const scheduledMs = traces.flatMap((trace) => [...trace.scheduledMs]);
const tail = quantile(durationsMs, TAIL);
console.log(`put + get: ${describe(durationsMs)}`);
console.log(`without waiting for a processor: ${describe(scheduledMs)}`);
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
console.log(
  `${durationsMs.length} steps, ${total(traces.map(({ roundTrips }) => roundTrips))} round trips, ` +
    `${left.requestedCollections} collections asked for, ${total(told.map(({ refusals }) => refusals))} puts refused\n`,
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
  const trips = total(steps.map(({ roundTrips }) => roundTrips));
  console.log(
    `  ${cause.padEnd(30)} ${String(steps.length).padStart(5)} times, median ${us(middle).padStart(6)} µs, ` +
      `${trips} round trips`,
  );
}
