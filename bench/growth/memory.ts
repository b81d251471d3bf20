/** How resident memory grows: with workers, of a runtime and of bare threads; with objects, of the table that has them. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ObjectRef, Store } from '../../src/index.ts';
import { controlLayout } from '../../src/state/control-layout.ts';
import { type Row, type Run, Unavailable } from '../harness.ts';
import { makeSource } from '../store-loops.ts';
import { counted, curveRow } from './curve.ts';
import type { MemoryOrder } from './memory-process.ts';

const MIB = 2 ** 20;
const WORKERS = [1, 8, 64];
const OBJECTS = [1_000, 10_000, 100_000, 1_000_000];
const SMAPS = '/proc/self/smaps';
const PAGE_BYTES = 4096;

/** In a process of its own each time: what one round leaves in the heap would help the next. */
async function grownBytes(order: MemoryOrder): Promise<number> {
  const child = fork(fileURLToPath(new URL('./memory-process.js', import.meta.url)), []);
  child.send(order);
  const [[grown]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  return Number(grown);
}

function workersRow(what: string, runtime: boolean): Row {
  return curveRow({
    name: `growth: resident memory of ${what}`,
    unit: 'MiB',
    rounds: 3,
    axis: 'workers',
    points: WORKERS,
    quickPoints: [1],
    nameOf: counted('worker'),
    setUp: (workers): Run => ({ round: async () => (await grownBytes({ workers, runtime })) / MIB }),
  });
}

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly residentBytes: number;
}

function mappings(): Mapping[] {
  return readFileSync(SMAPS, 'latin1')
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .map((text) => {
      const [, start = '', end = ''] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(text) ?? [];
      const residentBytes = Number(/^Rss: +(\d+) kB/m.exec(text)?.[1]) * 1024;
      return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), residentBytes };
    });
}

/**
 * Bytes in memory of the region of this size, which is one mapping or, with huge pages in the middle, several in a row;
 * undefined where there is no such region, or more than one.
 */
function residentBytes(regionBytes: number): number | undefined {
  const rounded = Math.ceil(regionBytes / PAGE_BYTES) * PAGE_BYTES;
  const all = mappings();
  const found: number[] = [];
  for (const [first, { start }] of all.entries()) {
    let sum = 0;
    for (let at = first; at < all.length && all[at]!.end - start <= rounded; at++) {
      if (at > first && all[at]!.start !== all[at - 1]!.end) break;
      sum += all[at]!.residentBytes;
      if (all[at]!.end - start === rounded) found.push(sum);
    }
  }
  return found.length === 1 ? found[0] : undefined;
}

/** The control region beside what it has without objects, while so many exist, held by one client. */
const tableRow: Row = curveRow({
  name: 'growth: resident control memory for each object',
  unit: 'bytes',
  rounds: 1,
  axis: 'objects in the store',
  points: OBJECTS,
  quickPoints: OBJECTS.slice(0, 2),
  nameOf: counted('object'),
  setUp: async (count): Promise<Run | Unavailable> => {
    // Of another size for each subject: by its size each finds its own.
    const maxObjects = 2 ** 20 - OBJECTS.indexOf(count) * 1024;
    const store = await Store.create({ memory: '256MiB', maxObjects, populateAhead: 0 });
    const { totalBytes } = controlLayout(maxObjects, false);
    const source = makeSource(8);
    const emptyBytes = residentBytes(totalBytes);
    if (emptyBytes === undefined) {
      await store.close();
      return new Unavailable('the system does not tell of single mappings');
    }
    const refs: ObjectRef[] = Array.from({ length: count }, () => store.putSync(source));
    return {
      round: () => ((residentBytes(totalBytes) ?? Number.NaN) - emptyBytes) / refs.length,
      tearDown: () => store.close(),
    };
  },
});

export const rows: readonly Row[] = [
  workersRow('a runtime', true),
  workersRow('bare worker threads', false),
  tableRow,
];
