/**
 * How cost grows with the number of objects in the store, from 1 to 1,000,000.
 *
 * Each subject has a store of its own, so all of them stand in memory at the same time and take turns. A get reads two
 * elements and releases its view. In random order every object is somewhere else: its ref, its slot and its bytes are not in
 * the caches. What this costs without a store shows the peer, whose objects are views on one buffer.
 */

import { seededRandom } from '../allocator-trace.ts';
import type { Row, Run, Scale } from '../harness.ts';
import { type Loop, timeBatches, touch } from '../store-loops.ts';
import { counted, curveRow, sizeName } from './curve.ts';
import { type Population, populate } from './population.ts';
import { shuffled } from './shuffled.ts';

const POINTS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const QUICK_POINTS = [1, 10_000];
const SIZES = [8, 1024];
const FLAT = { point: 1_000_000, from: 1_000, times: 1.5 };
/** Objects that are made and removed together: their records stay in the caches. */
const TOGETHER = 32;

const CURVE = {
  axis: 'objects in the store',
  points: POINTS,
  nameOf: counted('object'),
  quickPoints: QUICK_POINTS,
} as const;

const batchesOf = (scale: Scale) => ({ samples: scale.quick ? 10 : 20, count: 1024 });

function getAndRelease({ store, refs }: Population, index: number): void {
  const view = store.getSync(refs[index]!);
  touch(view);
  store.release(view);
}

/** The object in the middle, again and again. */
function hot(population: Population): Loop {
  const index = population.refs.length >> 1;
  return (count) => {
    for (let done = 0; done < count; done++) getAndRelease(population, index);
  };
}

/** The same, but views are left to the collector, which has all the refs to look after. */
function hotForgotten({ store, refs }: Population): Loop {
  const ref = refs[refs.length >> 1]!;
  return (count) => {
    for (let done = 0; done < count; done++) touch(store.getSync(ref));
  };
}

/** All objects, each sample from where the last one ended. */
function inOrder(population: Population, order: Uint32Array | undefined): Loop {
  const { length } = population.refs;
  let next = 0;
  return (count) => {
    for (let done = 0; done < count; done++) {
      getAndRelease(population, order === undefined ? next : order[next]!);
      next = next + 1 === length ? 0 : next + 1;
    }
  };
}

const byCreation = (population: Population): Loop => inOrder(population, undefined);
const byChance = (population: Population): Loop => inOrder(population, population.order);

function byId({ store, ids, order }: Population): Loop {
  let next = 0;
  return (count) => {
    for (let done = 0; done < count; done++) {
      const view = store.getSync<Float64Array<ArrayBuffer>>(ids[order[next]!]!);
      touch(view);
      store.release(view);
      next = next + 1 === ids.length ? 0 : next + 1;
    }
  };
}

function putAndRelease({ store, source }: Population): Loop {
  return (count) => {
    for (let done = 0; done < count; done++) store.putSync(source).release();
  };
}

/** A loop among so many objects. */
function loopRow(
  what: string,
  bytes: number,
  loopOf: (population: Population) => Loop,
  options: { readonly named?: boolean; readonly flat?: typeof FLAT } = {},
): Row {
  const { named = false, ...claims } = options;
  return curveRow({
    ...CURVE,
    ...claims,
    name: `growth: ${what}, ${sizeName(bytes)}`,
    unit: 'µs',
    setUp: async (count, scale): Promise<Run> => {
      const population = await populate(count, bytes, named);
      const loop = loopOf(population);
      return {
        round: () => timeBatches(loop, batchesOf(scale)),
        tearDown: () => population.store.close(),
      };
    },
  });
}

/** Deletes objects that were just put; the rest stays. */
const deleteRow: Row = curveRow({
  ...CURVE,
  flat: FLAT,
  name: 'growth: delete',
  unit: 'µs',
  setUp: async (count, scale): Promise<Run> => {
    const { store, source } = await populate(count, 8, false);
    const sample = (): number => {
      const refs = Array.from({ length: TOGETHER }, () => store.putSync(source));
      const startMs = performance.now();
      for (const ref of refs) store.delete(ref);
      const microseconds = ((performance.now() - startMs) * 1000) / TOGETHER;
      for (const ref of refs) ref.release();
      return microseconds;
    };
    return {
      round: () => Array.from({ length: scale.quick ? 50 : 200 }, sample),
      tearDown: () => store.close(),
    };
  },
});

/** Something that looks at all objects: its time is the whole's, divided by their number. */
function scanRow(what: string, scan: (population: Population) => unknown): Row {
  return curveRow({
    ...CURVE,
    name: `growth: ${what}, for each object`,
    unit: 'µs/object',
    rounds: 5,
    setUp: async (count): Promise<Run> => {
      const population = await populate(count, 8, false);
      const repetitions = Math.max(1, Math.floor(100 / count));
      return {
        round: async () => {
          const startMs = performance.now();
          for (let done = 0; done < repetitions; done++) await scan(population);
          return ((performance.now() - startMs) * 1000) / (repetitions * count);
        },
        tearDown: () => population.store.close(),
      };
    },
  });
}

/** Views on one buffer, as many as the others have objects, and a new view for each access. */
function peerRow(bytes: number): Row {
  return curveRow({
    ...CURVE,
    name: `growth: new view of one SharedArrayBuffer, in random order, ${sizeName(bytes)}`,
    unit: 'µs',
    setUp: (count, scale): Run => {
      const length = bytes / Float64Array.BYTES_PER_ELEMENT;
      const shared = new SharedArrayBuffer(count * bytes);
      // Memory that was never written is one page of zeros, wherever one reads.
      new Float64Array(shared).fill(1);
      const views = Array.from(
        { length: count },
        (_, index) => new Float64Array(shared, index * bytes, length),
      );
      const order = shuffled(count, seededRandom(count));
      let next = 0;
      const loop: Loop = (repetitions) => {
        for (let done = 0; done < repetitions; done++) {
          const view = views[order[next]!]!;
          touch(new Float64Array(view.buffer, view.byteOffset, view.length));
          next = next + 1 === count ? 0 : next + 1;
        }
      };
      return { round: () => timeBatches(loop, batchesOf(scale)) };
    },
  });
}

export const rows: readonly Row[] = [
  ...SIZES.flatMap((bytes) => [
    loopRow('get of one hot object', bytes, hot, { flat: FLAT }),
    loopRow('get in the order of creation', bytes, byCreation, { flat: FLAT }),
    loopRow('get in random order', bytes, byChance, { flat: FLAT }),
    peerRow(bytes),
    loopRow('put + release', bytes, putAndRelease, { flat: FLAT }),
  ]),
  loopRow('get of one hot object, view forgotten', 8, hotForgotten, { flat: FLAT }),
  loopRow('get by a chosen id, in random order', 8, byId, { named: true, flat: FLAT }),
  deleteRow,
  scanRow('list()', ({ store }) => store.list()),
  scanRow('stats()', ({ store }) => store.stats()),
];
