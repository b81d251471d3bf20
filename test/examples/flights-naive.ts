/**
 * The flights' numbers computed in another way: rows as objects, delays sorted, percentiles by rank in the sorted list.
 * Nothing is shared with the example but the file.
 */
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { flightsFile } from '../../examples/flights/columns.ts';

/** Summary of one hour or one airport. */
export interface NaiveSummary {
  readonly flights: number;
  readonly mean: number;
  readonly lateShare: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** All numbers. */
export interface NaiveNumbers {
  readonly hours: ReadonlyMap<string, NaiveSummary>;
  readonly airports: ReadonlyMap<string, NaiveSummary>;
  /** Flights by distance step and delay step, keyed `distance/delay` by the lower edges. */
  readonly density: ReadonlyMap<string, number>;
}

const ROWS_AT_A_TIME = 250_000;

/** Reads the file row by row and computes. */
export async function naiveNumbers(rows: number): Promise<NaiveNumbers> {
  const file = await asyncBufferFromFile(flightsFile());
  const hours = new Map<string, number[]>();
  const airports = new Map<string, number[]>();
  const density = new Map<string, number>();
  for (let rowStart = 0; rowStart < rows; rowStart += ROWS_AT_A_TIME) {
    const rowEnd = Math.min(rows, rowStart + ROWS_AT_A_TIME);
    const objects = await parquetReadObjects({ file, compressors, rowStart, rowEnd });
    for (const row of objects) {
      const delay = Number(row.delay);
      add(hours, `${new Date(row.date).toISOString().slice(11, 13)}`, delay);
      add(airports, String(row.origin), delay);
      const miles = Number(row.distance) - (Number(row.distance) % 50);
      const minutes = delay - ((((delay + 60) % 3) + 3) % 3);
      if (miles < 3000 && minutes >= -60 && minutes < 120) {
        const place = `${miles}/${minutes}`;
        density.set(place, (density.get(place) ?? 0) + 1);
      }
    }
  }
  return { hours: summaries(hours), airports: summaries(airports), density };
}

function add(lists: Map<string, number[]>, key: string, delay: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [delay]);
  else list.push(delay);
}

function summaries(lists: Map<string, number[]>): Map<string, NaiveSummary> {
  return new Map([...lists].map(([key, delays]) => [key, summary(delays)]));
}

function summary(delays: number[]): NaiveSummary {
  const sorted = Float64Array.from(delays).sort();
  const rank = (percent: number): number =>
    sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? Number.NaN;
  let total = 0;
  for (const delay of delays) total += delay;
  return {
    flights: delays.length,
    mean: total / delays.length,
    lateShare: delays.filter((delay) => delay > 15).length / delays.length,
    p10: rank(10),
    p50: rank(50),
    p90: rank(90),
    p99: rank(99),
  };
}
