/** How resident memory grows: with workers, of a runtime and of bare threads; with objects, of the table that has them. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Row, type Run, Unavailable } from '../harness.ts';
import { counted, curveRow } from './curve.ts';
import { SMAPS } from './mappings.ts';
import type { MemoryOrder } from './memory-process.ts';

const MIB = 2 ** 20;
const WORKERS = [1, 8, 64];
const OBJECTS = [1_000, 10_000, 100_000, 1_000_000];

/** In a process of its own each time: what one round leaves in the heap would help the next. */
async function grownBytes(order: MemoryOrder): Promise<number> {
  const child = fork(fileURLToPath(new URL('./memory-process.js', import.meta.url)), []);
  let grown: unknown;
  child.on('message', (message) => {
    grown = message;
  });
  child.send(order);
  await Promise.all([once(child, 'disconnect'), once(child, 'exit')]);
  if (typeof grown !== 'number') throw new Error('the process that was to be measured has failed');
  return grown;
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

/** The control region beside what it has without objects, while so many exist, held by one client. */
const tableRow: Row = curveRow({
  name: 'growth: resident control memory for each object',
  unit: 'bytes',
  rounds: 1,
  axis: 'objects in the store',
  points: OBJECTS,
  quickPoints: OBJECTS.slice(0, 2),
  nameOf: counted('object'),
  setUp: (objects): Run | Unavailable =>
    existsSync(SMAPS)
      ? { round: () => grownBytes({ objects }) }
      : new Unavailable('the system does not tell of single mappings'),
});

export const rows: readonly Row[] = [
  workersRow('a runtime', true),
  workersRow('bare worker threads', false),
  tableRow,
];
