/** Which rows share a process, and what becomes of those behind a row that fails. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RowReport } from '../../bench/harness.ts';
import { firstTogether, runAll, type WantedRow } from '../../bench/run-rows.ts';

const LOOK = { quick: true };

function wanted(name: string, heapMegabytes?: number): WantedRow {
  const row = { name, unit: 'µs', subjects: [], ...(heapMegabytes === undefined ? {} : { heapMegabytes }) };
  return { module: name.charAt(0), row, subjects: [] };
}

const report = ({ row }: WantedRow): RowReport => ({ row: row.name, results: [], missing: [], claims: [] });
const namesOf = (rows: readonly WantedRow[]): string[] => rows.map(({ row }) => row.name);

test('rows of one module and one heap share a process at the quick scale, and no others', () => {
  const rows = [wanted('a1'), wanted('a2'), wanted('a3', 300), wanted('b1')];
  assert.equal(namesOf(firstTogether(rows, LOOK)), ['a1', 'a2']);
  assert.equal(namesOf(firstTogether(rows.slice(2), LOOK)), ['a3']);
  assert.equal(namesOf(firstTogether(rows.slice(3), LOOK)), ['b1']);
  assert.equal(namesOf(firstTogether(rows, { quick: false })), ['a1']);
  assert.equal(firstTogether([], LOOK), []);
});

/** Which rows were tried in which processes, what was reported, and what failed, when these rows break their process. */
async function outcome(rows: readonly WantedRow[], breaking: readonly string[], breaksAtItsEnd = '') {
  const tried: string[][] = [];
  const reported: string[] = [];
  const failures: unknown[] = [];
  const listener = {
    onReport: (told: RowReport) => void reported.push(told.row),
    onFailure: (error: unknown) => void failures.push(error),
  };
  await runAll(rows, LOOK, listener, async (together, _, onReport) => {
    tried.push(namesOf(together));
    for (const row of together) {
      if (breaking.includes(row.row.name)) throw new Error(row.row.name);
      onReport(report(row));
    }
    if (namesOf(together).includes(breaksAtItsEnd)) throw new Error('the end');
  });
  return { tried, reported, failures: failures.map((error) => (error as Error).message) };
}

test('those behind a row that fails are measured in another process', async () => {
  const rows = ['a1', 'a2', 'a3', 'b1', 'b2'].map((name) => wanted(name));
  assert.equal(await outcome(rows, ['a2', 'b2']), {
    tried: [['a1', 'a2', 'a3'], ['a3'], ['b1', 'b2']],
    reported: ['a1', 'a3', 'b1'],
    failures: ['a2', 'b2'],
  });
  assert.equal(await outcome(rows, [], 'a3'), {
    tried: [
      ['a1', 'a2', 'a3'],
      ['b1', 'b2'],
    ],
    reported: ['a1', 'a2', 'a3', 'b1', 'b2'],
    failures: ['the end'],
  });
});

test.run();
