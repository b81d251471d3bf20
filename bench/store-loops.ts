/** The timed loops of the store's benchmarks: the same on the main thread and in workers. */

import type { ObjectRef, SealedView, Store } from '../src/index.ts';

/** What readers of the benchmarks' objects get. */
export type View = SealedView<Float64Array<ArrayBuffer>>;

/** Does `count` operations. */
export type Loop = (count: number) => void | Promise<void>;

/** How often a loop is timed in one round, and how many operations are timed as one. */
export interface Batches {
  readonly samples: number;
  readonly count: number;
}

/** Keeps reads alive that nobody looks at. */
export const sink = new Float64Array(1);

/** The value that is stored: random bits would not change anything, zeros might. */
export function makeSource(bytes: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: bytes / 8 }, (_, index) => index + 0.5);
}

/** Reads the first and the last element. */
export function touch(view: { readonly length: number; readonly [index: number]: number }): void {
  sink[0]! += view[0]! + view[view.length - 1]!;
}

/** Microseconds per operation, one figure for each batch. */
export async function timeBatches(loop: Loop, { samples, count }: Batches): Promise<number[]> {
  const measured: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const start = performance.now();
    const pending = loop(count);
    // Only what is asynchronous pays for waiting.
    if (pending !== undefined) await pending;
    measured.push(((performance.now() - start) * 1000) / count);
  }
  return measured;
}

/**
 * put + get + read + release of view and ref, synchronous. The view goes first: then the block returns to this thread, and
 * the next put finds it there.
 */
function cycle(store: Store, bytes: number): Loop {
  const source = makeSource(bytes);
  return (count) => {
    for (let index = 0; index < count; index++) {
      const ref = store.putSync(source);
      const view = store.getSync(ref);
      touch(view);
      store.release(view);
      ref.release();
    }
  };
}

/** As `cycle`, but read from a copy in memory that is used again and again: no view, and so none to release. */
function cycleCopied(store: Store, bytes: number): Loop {
  const source = makeSource(bytes);
  const target = new Float64Array(source.length);
  return (count) => {
    for (let index = 0; index < count; index++) {
      const ref = store.putSync(source);
      store.getIntoSync(ref, target);
      touch(target);
      ref.release();
    }
  };
}

/** As `cycle`, but the ref goes first: then the block waits on the stack of what was freed. */
function cycleRefFirst(store: Store, bytes: number): Loop {
  const source = makeSource(bytes);
  return (count) => {
    for (let index = 0; index < count; index++) {
      const ref = store.putSync(source);
      const view = store.getSync(ref);
      touch(view);
      ref.release();
      store.release(view);
    }
  };
}

/** As `cycle`, with the asynchronous calls. */
export function cycleAsync(store: Store, bytes: number): Loop {
  const source = makeSource(bytes);
  return async (count) => {
    for (let index = 0; index < count; index++) {
      const ref = await store.put(source);
      const view = await store.get(ref);
      touch(view);
      store.release(view);
      ref.release();
    }
  };
}

/** get of a resident object, which builds a Float64Array; the view is forgotten, so the collector's work counts. */
function getForgotten(store: Store, bytes: number): Loop {
  const ref = store.putSync(makeSource(bytes));
  return (count) => {
    for (let index = 0; index < count; index++) touch(store.getSync(ref));
  };
}

/** get of a resident object, and release of the view. */
function getReleased(store: Store, bytes: number): Loop {
  const ref = store.putSync(makeSource(bytes));
  return (count) => {
    for (let index = 0; index < count; index++) {
      const view = store.getSync(ref);
      touch(view);
      store.release(view);
    }
  };
}

/** A copy of a resident object in memory that is used again and again. */
function getCopied(store: Store, bytes: number): Loop {
  const ref = store.putSync(makeSource(bytes));
  const target = new Float64Array(bytes / 8);
  return (count) => {
    for (let index = 0; index < count; index++) {
      store.getIntoSync(ref, target);
      touch(target);
    }
  };
}

/** As `getForgotten`, with the asynchronous call. */
export function getAsync(store: Store, bytes: number): Loop {
  const ref = store.putSync(makeSource(bytes));
  return async (count) => {
    for (let index = 0; index < count; index++) touch(await store.get(ref));
  };
}

/** A Float64Array on a SharedArrayBuffer that is there already: what a program without a store can do at best. */
function viewOfShared(_store: Store, bytes: number): Loop {
  const shared = new SharedArrayBuffer(bytes);
  return (count) => {
    for (let index = 0; index < count; index++) touch(new Float64Array(shared));
  };
}

/** A copy in fresh memory of this thread's own, read and forgotten. */
function plainCopy(_store: Store, bytes: number): Loop {
  const source = makeSource(bytes);
  return (count) => {
    for (let index = 0; index < count; index++) {
      const copy = new Float64Array(source.length);
      copy.set(source);
      touch(copy);
    }
  };
}

/** `structuredClone` on this thread, read and forgotten. */
function clone(_store: Store, bytes: number): Loop {
  const source = makeSource(bytes);
  return (count) => {
    for (let index = 0; index < count; index++) touch(structuredClone(source));
  };
}

/** Loops that never wait for the event loop, by name: a worker can be told which to run. */
export const SYNC_LOOPS = {
  cycle,
  cycleCopied,
  cycleRefFirst,
  getForgotten,
  getReleased,
  getCopied,
  viewOfShared,
  plainCopy,
  clone,
} as const satisfies Record<string, (store: Store, bytes: number) => Loop>;

export type SyncLoopName = keyof typeof SYNC_LOOPS;

/** The four steps of an object's life, and all of them together. */
export const STEPS = ['all', 'put', 'get', 'release view', 'release ref'] as const;
export type Step = (typeof STEPS)[number];

/**
 * Puts `width` objects, gets all of them, releases all views, then all refs; again and again, `batches.count` objects for
 * one sample. Microseconds of one step per object.
 */
export function timeStep(
  store: Store,
  source: Float64Array<ArrayBuffer>,
  step: Step,
  width: number,
  { samples, count }: Batches,
): number[] {
  const refs: ObjectRef<Float64Array<ArrayBuffer>>[] = [];
  const views: View[] = [];
  const repetitions = Math.ceil(count / width);
  const measured: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const sums = { all: 0, put: 0, get: 0, 'release view': 0, 'release ref': 0 };
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const start = performance.now();
      for (let index = 0; index < width; index++) refs[index] = store.putSync(source);
      const afterPut = performance.now();
      for (let index = 0; index < width; index++) views[index] = store.getSync(refs[index]!);
      const afterGet = performance.now();
      for (let index = 0; index < width; index++) store.release(views[index]!);
      const afterViews = performance.now();
      for (let index = 0; index < width; index++) refs[index]!.release();
      const end = performance.now();
      sums.put += afterPut - start;
      sums.get += afterGet - afterPut;
      sums['release view'] += afterViews - afterGet;
      sums['release ref'] += end - afterViews;
      sums.all += end - start;
    }
    measured.push((sums[step] * 1000) / (repetitions * width));
  }
  return measured;
}
