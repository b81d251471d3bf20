/**
 * Measures a row in a process of its own: what the compiler and the collector have learned from one row does not
 * disturb the next, and a row may have a heap of its own size.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RowReport, Scale } from './harness.ts';
import type { LocatedRow } from './modules.ts';
import type { RowOrder } from './row-process.ts';

/** Rejects when the process ends without a report. */
export async function runRow(
  { module, row }: LocatedRow,
  scale: Scale,
  only: Pick<RowOrder, 'subjects' | 'profileFolder'> = {},
): Promise<RowReport> {
  const execArgv = row.heapMegabytes === undefined ? [] : [`--max-old-space-size=${row.heapMegabytes}`];
  const child = fork(fileURLToPath(new URL('./row-process.js', import.meta.url)), [], { execArgv });
  let report: RowReport | undefined;
  child.on('message', (message: RowReport) => {
    report = message;
  });
  const order: RowOrder = { module, row: row.name, scale, ...only };
  child.send(order);
  const [code, signal] = await once(child, 'exit');
  if (code !== 0 || report === undefined) {
    throw new Error(`The process of row "${row.name}" ended with ${signal ?? `code ${code}`} and no report`);
  }
  return report;
}
