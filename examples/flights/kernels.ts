/**
 * What the workers compute: histograms over a range of rows. Counts are integers, so merging ranges in any order gives
 * the same numbers, and percentiles taken from merged histograms are exact.
 */
import type { Columns } from './columns.ts';

/** Delays are whole minutes; the whole file lies well within these limits, and a kernel throws if a row does not. */
export const DELAY_MIN = -2048;
export const DELAY_MAX = 2047;
export const DELAY_BINS = DELAY_MAX - DELAY_MIN + 1;

/** The density plot's grid. */
export const DENSITY = Object.freeze({
  distanceBins: 60,
  distanceStep: 50,
  delayBins: 60,
  delayStep: 3,
  delayStart: -60,
});

/** The questions, and what a worker needs for each. */
export const QUESTIONS = Object.freeze({
  hours: ['delay', 'hour'],
  airports: ['delay', 'origin'],
  density: ['delay', 'distance'],
} as const);
export type Question = keyof typeof QUESTIONS;

/** Columns of one question; others may be missing. */
export type SomeColumns = Partial<Columns>;

/** Counts over the rows from `start` to `end`, flat: `[key][delay]`, or `[distance][delay]` for the density. */
export function count(
  question: Question,
  columns: SomeColumns,
  keys: number,
  start: number,
  end: number,
): Uint32Array {
  const delay = need(columns.delay);
  switch (question) {
    case 'hours':
      return delayByKey(delay, need(columns.hour), keys, start, end);
    case 'airports':
      return delayByKey(delay, need(columns.origin), keys, start, end);
    case 'density':
      return density(delay, need(columns.distance), start, end);
  }
}

/** Adds one range's counts to another's, in place. */
export function merge(into: Uint32Array, counts: Uint32Array): void {
  for (let index = 0; index < into.length; index++) into[index] = into[index]! + counts[index]!;
}

/** Splits rows into ranges of nearly equal length. */
export function splitRows(rows: number, parts: number): { readonly start: number; readonly end: number }[] {
  return Array.from({ length: parts }, (_, part) => ({
    start: Math.floor((rows * part) / parts),
    end: Math.floor((rows * (part + 1)) / parts),
  }));
}

function delayByKey(
  delays: Float64Array,
  keyOfRow: Uint8Array | Uint16Array,
  keys: number,
  start: number,
  end: number,
): Uint32Array {
  const counts = new Uint32Array(keys * DELAY_BINS);
  for (let row = start; row < end; row++) {
    const bin = delays[row]! - DELAY_MIN;
    if (!(bin >= 0 && bin < DELAY_BINS))
      throw new RangeError(`a delay of ${delays[row]} minutes in row ${row}`);
    const place = keyOfRow[row]! * DELAY_BINS + bin;
    counts[place] = counts[place]! + 1;
  }
  return counts;
}

function density(delays: Float64Array, distances: Float64Array, start: number, end: number): Uint32Array {
  const { distanceBins, distanceStep, delayBins, delayStep, delayStart } = DENSITY;
  const counts = new Uint32Array(distanceBins * delayBins);
  for (let row = start; row < end; row++) {
    const x = Math.floor(distances[row]! / distanceStep);
    const y = Math.floor((delays[row]! - delayStart) / delayStep);
    if (x < 0 || x >= distanceBins || y < 0 || y >= delayBins) continue;
    const place = x * delayBins + y;
    counts[place] = counts[place]! + 1;
  }
  return counts;
}

function need<Column>(column: Column | undefined): Column {
  if (column === undefined) throw new TypeError('a column of the question is missing');
  return column;
}
