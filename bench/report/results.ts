/** The results of a run as they are kept, so that tables and plots can be made again without one. */
import { existsSync, readFileSync } from 'node:fs';
import type { RowReport } from '../harness.ts';
import type { Environment } from './environment.ts';

/** A row, and when and where it was measured: a later run may have measured only some of the rows. */
export interface KeptRow {
  readonly report: RowReport;
  /** A day, `2030-01-31`. */
  readonly day: string;
  readonly environment: Environment;
}

export interface KeptResults {
  readonly rows: readonly KeptRow[];
}

/** No rows when there is no such file and there need not be one. */
export function readResults(path: string, presence: 'may exist' | 'must exist'): KeptResults {
  if (presence === 'may exist' && !existsSync(path)) return { rows: [] };
  const kept: KeptResults = JSON.parse(readFileSync(path, 'utf8'));
  if (!Array.isArray(kept.rows)) throw new TypeError(`${path} holds no results of a run`);
  return kept;
}

/** New rows take the place of old ones; all in the order of `names`, and rows that are no longer measured are dropped. */
export function mergeResults(
  old: KeptResults,
  fresh: readonly KeptRow[],
  names: readonly string[],
): KeptResults {
  const byName = new Map([...old.rows, ...fresh].map((kept) => [kept.report.row, kept]));
  return { rows: names.flatMap((name) => byName.get(name) ?? []) };
}
