/**
 * Measures rows in processes of their own: what the compiler and the collector have learned from one row does not
 * disturb the next, and a row may have a heap of its own size. At the quick scale, where to begin takes longer than to
 * measure, the rows of a module share a process.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RowReport, Scale } from './harness.ts';
import type { LocatedRow } from './modules.ts';
import type { RowOrder } from './row-process.ts';

/** A row, and which of its subjects are wanted. */
export interface WantedRow extends LocatedRow {
  readonly subjects: readonly string[];
}

/** Who is told while rows are measured. */
export interface RunListener {
  onReport(report: RowReport): void;
  onFailure(error: unknown): void;
}

/** The first of these rows that go into one process, at least one if there is one. */
export function firstTogether<Located extends LocatedRow>(
  rows: readonly Located[],
  { quick }: Scale,
): readonly Located[] {
  const [first] = rows;
  const count = rows.findIndex(
    ({ module, row }) => module !== first?.module || row.heapMegabytes !== first.row.heapMegabytes,
  );
  return rows.slice(0, quick ? (count === -1 ? rows.length : count) : 1);
}

/** Measures all rows, in as many processes as they need. Those behind a row that fails are measured, in another one. */
export async function runAll(
  rows: readonly WantedRow[],
  scale: Scale,
  { onReport, onFailure }: RunListener,
  run = runRows,
): Promise<void> {
  let next = 0;
  while (next < rows.length) {
    const together = firstTogether(rows.slice(next), scale);
    const end = next + together.length;
    try {
      await run(together, scale, (report) => {
        next++;
        onReport(report);
      });
    } catch (error) {
      onFailure(error);
      next = Math.min(next + 1, end);
    }
  }
}

/**
 * Measures rows of one module in one process, and reports each as soon as it is measured. Rejects when the process ends
 * badly, or before it has reported all; it names the row that it was at.
 */
export async function runRows(
  rows: readonly WantedRow[],
  scale: Scale,
  onReport: (report: RowReport) => void,
  profileFolder?: string,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const heap = first.row.heapMegabytes;
  const execArgv = heap === undefined ? [] : [`--max-old-space-size=${heap}`];
  const child = fork(fileURLToPath(new URL('./row-process.js', import.meta.url)), [], { execArgv });
  let reported = 0;
  child.on('message', (report: RowReport) => {
    reported++;
    onReport(report);
  });
  const order: RowOrder = {
    module: first.module,
    rows: rows.map(({ row, subjects }) => ({ name: row.name, subjects })),
    scale,
    ...(profileFolder === undefined ? {} : { profileFolder }),
  };
  child.send(order);
  const [code, signal] = await once(child, 'exit');
  if (code === 0 && reported === rows.length) return;
  const ended = `ended with ${signal ?? `code ${code}`}`;
  const at = rows[reported]?.row.name;
  throw new Error(
    at === undefined
      ? `The process of ${first.module} ${ended}`
      : `The process of row "${at}" ${ended} and no report`,
  );
}
