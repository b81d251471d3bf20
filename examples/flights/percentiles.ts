/** Summaries of delay histograms. Percentiles are of the nearest rank: the smallest delay that p % do not exceed. */
import { DELAY_BINS, DELAY_MIN } from './kernels.ts';

/** Above this many minutes a flight counts as late. */
export const LATE_MINUTES = 15;

/** Delays of the flights of one key, in minutes. */
export interface DelaySummary {
  readonly key: number;
  readonly flights: number;
  readonly mean: number;
  readonly lateShare: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** One summary per key that has flights. */
export function summarise(counts: Uint32Array): DelaySummary[] {
  const summaries: DelaySummary[] = [];
  for (let key = 0; key * DELAY_BINS < counts.length; key++) {
    const histogram = counts.subarray(key * DELAY_BINS, (key + 1) * DELAY_BINS);
    let flights = 0;
    let minutes = 0;
    let late = 0;
    for (let bin = 0; bin < DELAY_BINS; bin++) {
      const number = histogram[bin]!;
      flights += number;
      minutes += number * (bin + DELAY_MIN);
      if (bin + DELAY_MIN > LATE_MINUTES) late += number;
    }
    if (flights === 0) continue;
    const at = (percent: number): number => delayAtRank(histogram, Math.ceil((flights * percent) / 100));
    summaries.push({
      key,
      flights,
      mean: minutes / flights,
      lateShare: late / flights,
      p10: at(10),
      p50: at(50),
      p90: at(90),
      p99: at(99),
    });
  }
  return summaries;
}

function delayAtRank(histogram: Uint32Array, rank: number): number {
  let seen = 0;
  for (let bin = 0; bin < DELAY_BINS; bin++) {
    seen += histogram[bin]!;
    if (seen >= rank) return bin + DELAY_MIN;
  }
  return Number.NaN;
}
