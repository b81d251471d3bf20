/**
 * How cost grows with the size of an object, from 8 B to 4 GiB, in a pool whose pages were written before.
 *
 * All subjects of a row share one store and one source, of which each puts as much as its size: two of each would not fit
 * into a usual machine. Gets are timed by the batch, of one object: alone, the first one behind a large put would find that
 * the put has filled the caches.
 */

import { Store } from '../../src/index.ts';
import type { Row, Scale } from '../harness.ts';
import { touch } from '../store-loops.ts';
import { type CurveRow, curveRow, sizeName } from './curve.ts';
import { Shared } from './shared.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const POINTS = [8, 64, KIB, 16 * KIB, 256 * KIB, MIB, 16 * MIB, 64 * MIB, 256 * MIB, GIB, 4 * GIB];
const QUICK_POINTS = [8, KIB, MIB, 64 * MIB];
/** Room for the largest object, and for what stands in stocks. */
const ROOM = 1.25;
/** Objects that are put one after another, and views that are open together. */
const TOGETHER = 32;
/** No more than this in one sample, but one object. */
const SAMPLE_BYTES = 16 * MIB;
const SAMPLES = { full: 20, quick: 5 };
/** From this size on one sample a round: they take seconds. */
const LARGE_BYTES = 256 * MIB;

type Value = Float64Array<ArrayBuffer>;

interface Ground {
  readonly store: Store;
  readonly source: Value;
}

async function prepare({ quick }: Scale): Promise<Ground> {
  const largestBytes = Math.max(...(quick ? QUICK_POINTS : POINTS));
  // Written, or it would be one page of zeros that costs nothing to read.
  const source = new Float64Array(largestBytes / Float64Array.BYTES_PER_ELEMENT).fill(0.5);
  const store = await Store.create({ memory: Math.max(256 * MIB, ROOM * largestBytes), populateAhead: 0 });
  store.putSync(source).release();
  return { store, source };
}

/** Microseconds of an operation on objects as large as `source`. */
type Measure = (store: Store, source: Value) => number;

const countOf = ({ byteLength }: Value): number =>
  Math.max(1, Math.min(TOGETHER, Math.floor(SAMPLE_BYTES / byteLength)));

const put: Measure = (store, source) => {
  const count = countOf(source);
  const startMs = performance.now();
  const refs = Array.from({ length: count }, () => store.putSync(source));
  const elapsedMs = performance.now() - startMs;
  for (const ref of refs) ref.release();
  return (elapsedMs * 1000) / count;
};

const releaseRef: Measure = (store, source) => {
  const count = countOf(source);
  const refs = Array.from({ length: count }, () => store.putSync(source));
  const startMs = performance.now();
  for (const ref of refs) ref.release();
  return ((performance.now() - startMs) * 1000) / count;
};

/** Gets one object together, and releases the views. */
function timeViews(store: Store, source: Value): { readonly getMs: number; readonly releaseMs: number } {
  const ref = store.putSync(source);
  const times = { getMs: 0, releaseMs: 0 };
  // The first turn warms up.
  for (let turn = 0; turn < 2; turn++) {
    const startMs = performance.now();
    const views = Array.from({ length: TOGETHER }, () => store.getSync(ref));
    const gotMs = performance.now();
    for (const view of views) touch(view);
    const touchedMs = performance.now();
    for (const view of views) store.release(view);
    times.getMs = gotMs - startMs;
    times.releaseMs = performance.now() - touchedMs;
  }
  ref.release();
  return times;
}

const get: Measure = (store, source) => (timeViews(store, source).getMs * 1000) / TOGETHER;
const releaseView: Measure = (store, source) => (timeViews(store, source).releaseMs * 1000) / TOGETHER;

type Figure = Pick<CurveRow, 'name' | 'unit' | 'higherIsBetter' | 'flat'>;

function sizeRow(measure: Measure, figure: Figure): Row {
  let ground: Shared<Ground> | undefined;
  return curveRow({
    ...figure,
    rounds: 3,
    axis: 'bytes of the object',
    points: POINTS,
    quickPoints: QUICK_POINTS,
    nameOf: sizeName,
    setUp: async (bytes, scale) => {
      ground ??= new Shared(
        () => prepare(scale),
        ({ store }) => store.close(),
      );
      const shared = ground;
      const { store, source } = await shared.enter();
      const part = source.subarray(0, bytes / Float64Array.BYTES_PER_ELEMENT);
      const samples = bytes >= LARGE_BYTES ? 1 : scale.quick ? SAMPLES.quick : SAMPLES.full;
      return {
        round: () => Array.from({ length: samples }, () => measure(store, part)),
        tearDown: () => shared.leave(),
      };
    },
  });
}

/** Bytes per microsecond are MB/s. */
const putRate: Measure = (store, source) => source.byteLength / put(store, source) / 1000;

export const rows: readonly Row[] = [
  sizeRow(put, { name: 'growth: put, by size of the object', unit: 'µs' }),
  sizeRow(putRate, { name: 'growth: put, by size of the object, rate', unit: 'GB/s', higherIsBetter: true }),
  sizeRow(get, {
    name: 'growth: get, by size of the object',
    unit: 'µs',
    flat: { point: 4 * GIB, from: KIB, times: 1.5 },
  }),
  sizeRow(releaseView, { name: 'growth: release of a view, by size of the object', unit: 'µs' }),
  sizeRow(releaseRef, { name: 'growth: release of a ref, by size of the object', unit: 'µs' }),
];
