/**
 * The store: put, get and release of Float64Arrays of four sizes, from memory that is warm unless a row says otherwise.
 *
 * A small object's block comes from the stock of the calling thread and returns to it where the view is released before the
 * ref; a larger one's comes from the allocator and returns there. *Ref first*: the end of the view, which may come on any
 * thread, leaves the block on the stack of what was freed, where this thread takes it back from when it needs one.
 *
 * All synchronous subjects run in a worker of their own, all asynchronous ones on the main thread.
 */

import { type ObjectRef, Store } from '../src/index.ts';
import type { Row, Run, Subject } from './harness.ts';
import { cycleAsync, getAsync, makeSource, STEPS } from './store-loops.ts';
import {
  Answerer,
  batchesOf,
  inWorker,
  MIB,
  onMain,
  openStore,
  POOL_BYTES,
  SIZES,
  type Size,
} from './store-runs.ts';

/** put + get + read two elements + release of view and ref; the peers make and read a copy of their own. */
function cycleRow(size: Size): Row {
  return {
    name: `store: put + get + release, ${size.name}, warm`,
    unit: 'µs',
    subjects: [
      inWorker('Plasmoid, sync', size, 'cycle', 'local'),
      inWorker('Plasmoid, sync, read by getInto', size, 'cycleCopied', 'local'),
      onMain('Plasmoid, async', size, cycleAsync, 'local'),
      inWorker('Plasmoid, sync, ref first', size, 'cycleRefFirst', 'local'),
      inWorker('new Float64Array(n).set(source)', size, 'plainCopy', 'local'),
      inWorker('structuredClone()', size, 'clone', 'local'),
    ],
  };
}

/**
 * The same operation taken apart: several objects are put, then all are got, then
 * all views released, then all refs. The ratio is the share of a step in the whole.
 */
function stepRow(size: Size): Row {
  return {
    name: `store: steps of put + get + release, ${size.name}, warm`,
    unit: 'µs',
    subjects: STEPS.map((step) => ({
      name: step === 'all' ? 'all steps' : step,
      setUp: async (scale): Promise<Run> => {
        const store = await openStore();
        const worker = new Answerer({
          task: 'step',
          handle: store.handle,
          step,
          bytes: size.bytes,
          width: size.width,
          batches: batchesOf(size, scale, 'local'),
        });
        return {
          round: () => worker.round(),
          tearDown: async () => {
            await worker.end();
            await store.close();
          },
        };
      },
    })),
  };
}

/**
 * get of an object that is in memory, and the Float64Array on it. A forgotten view is the collector's work, and this
 * work is in the figures. The peer has no life cycle to look after.
 */
function residentRow(size: Size): Row {
  return {
    name: `store: resident get + Float64Array, ${size.name}`,
    unit: 'µs',
    subjects: [
      inWorker('Plasmoid, sync, view forgotten', size, 'getForgotten', 'get'),
      inWorker('Plasmoid, sync, view released', size, 'getReleased', 'get'),
      ...(size.bytes > MIB ? [] : [inWorker('Plasmoid, sync, getInto', size, 'getCopied', 'get')]),
      onMain('Plasmoid, async, view forgotten', size, getAsync, 'get'),
      inWorker('new Float64Array(sharedArrayBuffer)', size, 'viewOfShared', 'get'),
    ],
  };
}

/** Puts `freshCount` objects and keeps them; microseconds for each. */
function putHeld(store: Store, source: Float64Array<ArrayBuffer>, count: number): number {
  const refs: ObjectRef[] = [];
  const start = performance.now();
  for (let index = 0; index < count; index++) refs[index] = store.putSync(source);
  const microseconds = ((performance.now() - start) * 1000) / count;
  for (const ref of refs) ref.release();
  return microseconds;
}

/**
 * put of many objects that are all kept: into memory used before, and into a new store's memory, which no one has touched
 * (neither the pool nor the object table). The peer keeps as many copies.
 */
function freshRow(size: Size): Row {
  const { bytes, freshCount } = size;
  const memory = Math.max(POOL_BYTES, 2 * bytes * freshCount);
  const fresh = (name: string, hugePages: boolean): Subject => ({
    name,
    setUp: () => {
      const source = makeSource(bytes);
      return {
        round: async () => {
          const store = await Store.create({ memory, hugePages, populateAhead: 0 });
          const microseconds = putHeld(store, source, freshCount);
          await store.close();
          return microseconds;
        },
      };
    },
  });
  const warm: Subject = {
    name: 'Plasmoid, warm',
    setUp: async () => {
      const source = makeSource(bytes);
      const store = await Store.create({ memory, populateAhead: 0 });
      return {
        round: async () => {
          const microseconds = putHeld(store, source, freshCount);
          // The next round starts without a stock, as a new store does.
          await store.trim();
          return microseconds;
        },
        tearDown: () => store.close(),
      };
    },
  };
  const copies: Subject = {
    name: 'new Float64Array(n).set(source)',
    setUp: () => {
      const source = makeSource(bytes);
      return {
        round: () => {
          const kept: Float64Array[] = [];
          const start = performance.now();
          for (let index = 0; index < freshCount; index++) {
            const copy = new Float64Array(source.length);
            copy.set(source);
            kept.push(copy);
          }
          return ((performance.now() - start) * 1000) / kept.length;
        },
      };
    },
  };
  return {
    name: `store: put and keep ${freshCount} x ${size.name}, warm and cold`,
    unit: 'µs',
    subjects: [
      warm,
      fresh('Plasmoid, cold, huge pages', true),
      fresh('Plasmoid, cold, small pages', false),
      copies,
    ],
  };
}

export const rows: readonly Row[] = [
  ...SIZES.map(residentRow),
  ...SIZES.map(cycleRow),
  ...SIZES.map(stepRow),
  ...SIZES.map(freshRow),
];
