/**
 * Copies: how near a put comes to the copy that it is made of.
 *
 * All subjects of a row copy from the same source, into memory that was written before and is made of the same pages
 * (anonymous, huge where the system grants them), on one thread, but for puts of 64 MiB, which have a second thread help.
 * The first subject is the C library's `memcpy` called through the bridge, so a put at 1.18 times its time has 85 % of its
 * rate.
 */

import { Store } from '../src/index.ts';
import { bridge } from '../src/pools/bridge.ts';
import type { Row, Run, Subject } from './harness.ts';
import { makeSource } from './store-loops.ts';

const MIB = 2 ** 20;

interface CopySize {
  readonly name: string;
  readonly bytes: number;
  /** Copies timed as one. */
  readonly count: number;
  readonly samples: { readonly full: number; readonly quick: number };
}

const SIZES: readonly CopySize[] = [
  { name: '64 MiB', bytes: 64 * MIB, count: 1, samples: { full: 5, quick: 3 } },
  { name: '1 MiB', bytes: MIB, count: 32, samples: { full: 20, quick: 10 } },
];

const sources = new Map<number, Float64Array<ArrayBuffer>>();

/** One source for all subjects of a size. */
function sourceOf(bytes: number): Float64Array<ArrayBuffer> {
  const source = sources.get(bytes) ?? makeSource(bytes);
  sources.set(bytes, source);
  return source;
}

/** A subject whose `copy` is timed in batches, `between` them not. Milliseconds per copy. */
function copySubject(
  name: string,
  { count, samples }: CopySize,
  open: () => Promise<{ copy(): void; close(): void | Promise<void> }>,
): Subject {
  return {
    name,
    setUp: async (scale): Promise<Run> => {
      const { copy, close } = await open();
      return {
        round: () => {
          const measured: number[] = [];
          for (let sample = scale.quick ? samples.quick : samples.full; sample > 0; sample--) {
            const start = performance.now();
            for (let index = 0; index < count; index++) copy();
            measured.push((performance.now() - start) / count);
          }
          return measured;
        },
        tearDown: close,
      };
    },
  };
}

/** One copy by the bridge, into a mapping like a store's primary pool. */
function bridgeCopy(name: string, size: CopySize, asPutDoes: boolean): Subject {
  return copySubject(name, size, async () => {
    const region = bridge.mapAnonymous(size.bytes, true);
    const target = new Uint8Array(bridge.regionBuffer(region));
    const source = new Uint8Array(sourceOf(size.bytes).buffer);
    return {
      copy: () => bridge.copyBytes(target, source, asPutDoes),
      close: () => bridge.releaseRegion(region),
    };
  });
}

/** A whole `putSync` and the release of its ref, so that the same block is written again: the actor's part counts. */
function putCopy(size: CopySize): Subject {
  return copySubject('Plasmoid put + release', size, async () => {
    const store = await Store.create({ memory: 256 * MIB, populateAhead: 0 });
    const source = sourceOf(size.bytes);
    return {
      copy: () => store.putSync(source).release(),
      close: () => store.close(),
    };
  });
}

/** `set` into a typed array of this thread's own. */
function setCopy(size: CopySize): Subject {
  return copySubject('Float64Array.set', size, async () => {
    const source = sourceOf(size.bytes);
    const target = new Float64Array(source.length);
    return { copy: () => target.set(source), close: () => {} };
  });
}

export const rows: readonly Row[] = SIZES.map((size) => ({
  name: `copy: ${size.name}, warm`,
  unit: 'ms',
  subjects: [
    bridgeCopy('memcpy of the bridge', size, false),
    bridgeCopy('copy of the bridge as put does', size, true),
    putCopy(size),
    setCopy(size),
  ],
}));
