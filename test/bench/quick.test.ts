/** What one quick run of all benchmarks leaves: its shape, never its times. */
// deadline: 900 s
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RowReport } from '../../bench/harness.ts';
import { allRows } from '../../bench/modules.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'plasmoid-bench-'));
const located = await allRows();
let reports: RowReport[] = [];
let printed = '';

test.before(async () => {
  const json = join(folder, 'figures.json');
  // The compiled program itself: `npm run bench` would build first, what the test runner has done already.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [MAIN, '--quick', '--ray', 'published', '--json', json],
    {
      maxBuffer: 2 ** 24,
    },
  );
  printed = stdout;
  reports = JSON.parse(readFileSync(json, 'utf8'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('each row is reported, in the order of the list', () => {
  assert.equal(
    reports.map(({ row }) => row),
    located.map(({ row }) => row.name),
  );
});

test('each subject has figures, or a reason why not', () => {
  for (const [index, { row }] of located.entries()) {
    const { results = [], missing = [] } = reports[index] ?? {};
    const reported = new Set([...results, ...missing].map(({ subject }) => subject));
    for (const { name } of row.subjects) assert.ok(reported.has(name), `${row.name}: ${name}`);
    assert.ok(results.length > 0 || missing.length > 0, row.name);
    for (const { subject, reason } of missing) assert.ok(reason.length > 0, `${row.name}: ${subject}`);
  }
});

test('where the system tells of mappings, nothing is missing in the rows of memory', () => {
  const rows = reports.filter(({ row }) => row.startsWith('growth: resident'));
  assert.ok(rows.length >= 3);
  for (const { row, results, missing } of rows) {
    if (process.platform !== 'linux') continue;
    assert.ok(results.length > 0, row);
    for (const { reason } of missing) assert.is(reason, 'not at the quick scale', row);
  }
});

test('medians are finite and positive, and tails lie at the bad end', () => {
  for (const [index, { row }] of located.entries()) {
    for (const { subject, median, p99, p999, samples, unit } of reports[index]?.results ?? []) {
      const which = `${row.name}: ${subject}: ${median}, ${p99}, ${p999}`;
      assert.ok(Number.isFinite(median) && median > 0, which);
      const [better, middle, worst] = row.higherIsBetter ? [p999, p99, median] : [median, p99, p999];
      assert.ok(better <= middle && middle <= worst, which);
      assert.ok(samples > 0 && unit === row.unit, which);
    }
  }
});

test('each claim says what it claims, and a verdict goes with a measurement', () => {
  for (const [index, { row }] of located.entries()) {
    const { claims = [] } = reports[index] ?? {};
    assert.is(claims.length, row.claims?.length ?? 0, row.name);
    for (const { text, measured, met } of claims) {
      assert.ok(text.length > 0, row.name);
      assert.is(measured === undefined, met === undefined, text);
      if (measured !== undefined) assert.ok(Number.isFinite(measured) && measured > 0, text);
    }
  }
});

test('a curve has a point for each of its results', () => {
  for (const [index, { row }] of located.entries()) {
    const { results = [], curve } = reports[index] ?? {};
    assert.is(curve === undefined, row.curve === undefined, row.name);
    if (curve !== undefined) assert.is(curve.points.length, results.length, row.name);
  }
});

test('the run says how long it took', () => {
  assert.match(printed, /^whole run: \d+ s$/m);
});

test.run();
