/** How calls are timed: many under way, one after another with both sides awake, or one that finds everybody asleep. */
import type { Run, Scale, Subject } from '../harness.ts';

const IN_FLIGHT = 1_000;
const CALLS = { full: 10_000, quick: 1_500 };
const TRIPS = { full: 2_000, quick: 250 };
const TRIPS_TOGETHER = 50;
const COLD_TRIPS = { full: 40, quick: 10 };
/** Long enough for both sides to fall asleep. */
const PAUSE_MS = 5;
/** The compiler's threads disturb the first thousands of calls. */
const WARM_UP_CALLS = { full: 5_000, quick: 500 };

/** How often something is done at a scale. */
export interface Counts {
  readonly full: number;
  readonly quick: number;
}

export const countOf = (counts: Counts, scale: Scale): number => (scale.quick ? counts.quick : counts.full);

/** What a subject has to call with, set up. */
export interface Peer {
  readonly call: () => PromiseLike<unknown>;
  readonly end: () => Promise<void>;
}

export type OpenPeer = () => Promise<Peer>;

export type Measure = (peer: Peer, scale: Scale) => Promise<number | number[]>;

/** Microseconds per call, `inFlight` of them at any time. */
export async function flight(
  count: number,
  inFlight: number,
  call: () => PromiseLike<unknown>,
): Promise<number> {
  const startedMs = performance.now();
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (sent < count) {
      sent++;
      await call();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return ((performance.now() - startedMs) * 1000) / count;
}

/** Many at a time. */
export const many: Measure = (peer, scale) => flight(countOf(CALLS, scale), IN_FLIGHT, peer.call);

/** Averages of a few trips each: whether both sides are awake changes from one moment to the next. */
export const single: Measure = async (peer, scale) => {
  const samples: number[] = [];
  for (let trip = 0; trip < countOf(TRIPS, scale); trip += TRIPS_TOGETHER)
    samples.push(await flight(TRIPS_TOGETHER, 1, peer.call));
  return samples;
};

/** Microseconds of each call, which finds everybody asleep. */
export const asleep: Measure = async (peer, scale) => {
  const samples: number[] = [];
  for (let trip = 0; trip < countOf(COLD_TRIPS, scale); trip++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const startedMs = performance.now();
    await peer.call();
    samples.push((performance.now() - startedMs) * 1000);
  }
  return samples;
};

/** A subject that is warmed up by calls together and one by one: batches run other code than single trips. */
export function subject(name: string, open: OpenPeer, measure: Measure): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const peer = await open();
      for (const inFlight of [100, 1]) await flight(countOf(WARM_UP_CALLS, scale), inFlight, peer.call);
      return { round: () => measure(peer, scale), tearDown: peer.end };
    },
  };
}
