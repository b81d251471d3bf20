/** What happened during the slowest steps of a churn, of the thread that calls: Linux only, which counts it per thread. */

import { closeSync, openSync, readSync } from 'node:fs';
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../src/index.ts';
import type { Churn, Step } from './churn.ts';

/** A slow step; times in milliseconds. */
export interface SlowStep extends Step {
  /** How long the collector had this thread meanwhile. */
  collectedMs: number;
  /** How long the thread was ready to run and had no processor. */
  readonly unscheduledMs: number;
  /** From requests to the actor until their answers. */
  readonly roundTripMs: number;
  readonly roundTrips: number;
  /** Pages that the system had to find or map. */
  readonly pageFaults: number;
}

export interface Trace {
  readonly slow: readonly SlowStep[];
  /** Of all steps. */
  readonly durationsMs: Float64Array;
  /** The same, without the time in which the thread was ready and had no processor. */
  readonly scheduledMs: Float64Array;
  readonly roundTrips: number;
}

/** The observer is told of collections in turns of its own. */
const OBSERVER_DELAY_MS = 100;

/** Does so many steps; keeps those that took longer than `slowUs`. */
export async function traced(
  store: Store,
  churn: Churn,
  { steps, slowUs }: { readonly steps: number; readonly slowUs: number },
): Promise<Trace> {
  const collections: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const trips = countRoundTrips(store);
  const thread = new ThreadCounters();
  const slow: SlowStep[] = [];
  const durationsMs = new Float64Array(steps);
  const scheduledMs = new Float64Array(steps);
  let roundTrips = 0;
  const step: Step = { startMs: 0, putMs: 0, gotMs: 0, bytes: 0 };
  for (let done = 0; done < steps; done++) {
    trips.reset();
    const before = thread.read();
    churn.step(step);
    const after = thread.read();
    roundTrips += trips.count;
    const durationMs = step.gotMs - step.startMs;
    // Some of it may have been before or behind what is timed.
    const unscheduledMs = Math.min(durationMs, after.unscheduledMs - before.unscheduledMs);
    durationsMs[done] = durationMs;
    scheduledMs[done] = durationMs - unscheduledMs;
    if (durationMs * 1000 < slowUs) continue;
    slow.push({
      ...step,
      collectedMs: 0,
      unscheduledMs,
      pageFaults: after.pageFaults - before.pageFaults,
      roundTrips: trips.count,
      roundTripMs: trips.milliseconds,
    });
    // The observer's buffer is emptied between turns only.
    if (slow.length % 100 === 0) await sleep(0);
  }
  await sleep(OBSERVER_DELAY_MS);
  observer.disconnect();
  thread.close();
  for (const one of slow) one.collectedMs = overlapMs(one, collections);
  return { slow, durationsMs, scheduledMs, roundTrips };
}

function overlapMs({ startMs, gotMs }: Step, collections: readonly PerformanceEntry[]): number {
  return collections.reduce(
    (sum, { startTime, duration }) =>
      sum + Math.max(0, Math.min(gotMs, startTime + duration) - Math.max(startMs, startTime)),
    0,
  );
}

/** Looks at the requests for blocks of this store from now on. */
function countRoundTrips(store: Store) {
  const { link } = store.connection;
  const counts = {
    count: 0,
    milliseconds: 0,
    reset() {
      counts.count = 0;
      counts.milliseconds = 0;
    },
  };
  const leaseSync = link.leaseSync.bind(link);
  link.leaseSync = (...request) => {
    const startMs = performance.now();
    try {
      return leaseSync(...request);
    } finally {
      counts.count++;
      counts.milliseconds += performance.now() - startMs;
    }
  };
  return counts;
}

/** What the system counts of the thread that made it. */
class ThreadCounters {
  readonly #schedule = openSync('/proc/thread-self/schedstat', 'r');
  readonly #status = openSync('/proc/thread-self/stat', 'r');
  readonly #buffer = Buffer.alloc(1024);

  read(): { readonly unscheduledMs: number; readonly pageFaults: number } {
    const unscheduledNs = Number(this.#text(this.#schedule).split(' ')[1]);
    // Behind the command's name, which may have blanks: state, seven numbers, and minor faults.
    const fields = this.#text(this.#status).split(') ')[1]?.split(' ') ?? [];
    return { unscheduledMs: unscheduledNs / 1e6, pageFaults: Number(fields[7]) + Number(fields[9]) };
  }

  close(): void {
    closeSync(this.#schedule);
    closeSync(this.#status);
  }

  #text(file: number): string {
    return this.#buffer.toString('latin1', 0, readSync(file, this.#buffer, 0, this.#buffer.length, 0));
  }
}
