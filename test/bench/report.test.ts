/** What a run leaves behind, made of results that are written here. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Claim } from '../../bench/claims.ts';
import { measureRow, type Row, type RowReport, Unavailable } from '../../bench/harness.ts';
import { isWanted, parseOptions } from '../../bench/options.ts';
import { selfTimes } from '../../bench/profile/self-time.ts';
import { readChurn } from '../../bench/report/churn.ts';
import { fillBlocks } from '../../bench/report/document.ts';
import { keepReports, resultsPath, writeReport } from '../../bench/report/write-report.ts';

/** A row whose subjects measure what they are told to. */
function rowOf(name: string, figures: Record<string, number>, extra: Partial<Row> = {}): Row {
  const subjects = Object.entries(figures).map(([subject, figure]) => ({
    name: subject,
    setUp: () => (figure < 0 ? new Unavailable('nothing of it is here') : { round: () => figure }),
  }));
  return { name, unit: 'µs', subjects, ...extra };
}

const report = (row: Row): Promise<RowReport> => measureRow(row, { quick: true });
const claim: Claim = { subject: 'own', against: ['Ray'], times: 2 };
const size = { axis: 'size', points: [1, 10, 100] };

test('hand-written text stays as it is, and blocks are written again', () => {
  const before =
    'one\n<!-- generated: a -->\nold $1\n<!-- end -->\ntwo\n<!-- generated: b -->\n<!-- end -->\n';
  const after = fillBlocks(before, (name) => (name === 'a' ? 'new $& text' : undefined));
  assert.is(
    after,
    before.replace('old $1', () => 'new $& text'),
  );
});

test('a run writes tables, claims, budgets and plots, and one of some rows changes only theirs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-report-'));
  const places = { document: join(folder, 'performance.md'), folder: join(folder, 'performance') };
  const names = ['first: a', 'first: b', 'second: c', 'budget: paths'];
  const blocks = ['environment', 'claims', 'budgets', 'plots', 'tables first', 'tables'];
  writeFileSync(
    places.document,
    `By hand.\n${blocks.map((name) => `<!-- generated: ${name} -->\n<!-- end -->\n`).join('')}`,
  );
  try {
    const all = await Promise.all(
      [
        rowOf('first: a', { own: 2, Ray: 10, other: -1 }, { claims: [claim] }),
        rowOf('first: b', { '1': 1, '10': -1, '100': 5 }, { curve: size }),
        rowOf('second: c', { own: 3 }),
        rowOf(
          'budget: paths',
          { plain: 1, get: 8 },
          { claims: [{ subject: 'get', against: ['plain'], times: 0.1 }] },
        ),
      ].map(report),
    );
    assert.equal(all[1]?.curve?.points, [1, 100]);
    const paths = await writeReport(keepReports(all, names, places), places);
    assert.equal(
      paths.slice(1).map((path) => path.slice(places.folder.length + 1)),
      ['claims.svg', 'first-cost-against-size.svg'],
    );
    for (const path of paths.slice(1))
      assert.match(readFileSync(path, 'utf8'), /^<svg[^>]*>[\s\S]*<\/svg>\n$/);
    const document = readFileSync(places.document, 'utf8');
    assert.match(document, /^By hand\.\n/);
    for (const text of [
      "`npm run bench -- --row 'first: a'`",
      '| Ray | 10.0 | 10.0 |  | 5.00x |',
      '- other: not here (nothing of it is here)',
      '1 met, 0 missed',
      '| get | 8.00 µs | 8.00 | 10.0 | within |',
      '![',
      '**second: c**',
    ]) {
      assert.ok(document.includes(text), `${text}\n${document}`);
    }
    assert.is(document.split('**first: a**').length, 2);

    const again = await report(rowOf('second: c', { own: 7 }));
    // A row that is no longer in the list goes.
    await writeReport(keepReports([again], names.slice(0, 3), places), places);
    const changed = readFileSync(places.document, 'utf8');
    assert.ok(changed.includes('| own | 7.00 |') && changed.includes('| own | 2.00 |'), changed);
    assert.not.ok(readFileSync(resultsPath(places), 'utf8').includes('budget: paths'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('samples of the long run are read whatever they hold', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-churn-'));
  const path = join(folder, 'churn.json');
  try {
    assert.equal(readChurn(path), []);
    const samples = [{ minute: 1, rssBytes: 2 ** 21, fragmentation: 0.5, note: 'x' }, { rssBytes: 1 }, null];
    const wanted = [
      { minute: 1, quantity: 'rss', value: 2, isMemory: true },
      { minute: 1, quantity: 'fragmentation', value: 0.5, isMemory: false },
    ];
    for (const content of [samples, { samples }]) {
      writeFileSync(path, JSON.stringify(content));
      assert.equal(readChurn(path), wanted);
    }
    writeFileSync(path, JSON.stringify([{ atSeconds: 90, freeBytes: 2 ** 21, largestFreeBytes: 2 ** 19 }]));
    assert.equal(
      readChurn(path).map(({ minute, quantity, value }) => [minute, quantity, value]),
      [
        [1.5, 'fragmentation', 0.75],
        [1.5, 'free', 2],
        [1.5, 'largestFree', 0.5],
      ],
    );
    writeFileSync(path, '{}');
    assert.throws(() => readChurn(path), /holds no list/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the time of a sample is its function’s own; idle time counts for nobody', () => {
  const node = (id: number, functionName: string, url = '') => ({
    id,
    callFrame: { functionName, url, lineNumber: 6 },
  });
  const profile = {
    nodes: [
      node(1, '(root)'),
      node(2, 'hot', 'file:///x/a.js'),
      node(3, ''),
      node(4, '(idle)'),
      node(5, 'hot', 'file:///x/a.js'),
    ],
    samples: [2, 5, 3, 4, 2],
    timeDeltas: [100, 1000, 2000, 1000, 50_000],
  };
  assert.equal(selfTimes(profile, 1), [{ name: 'hot, a.js:7', ms: 3, share: 0.75 }]);
  assert.equal(selfTimes(profile, 9)[1], { name: '(anonymous)', ms: 1, share: 0.25 });
  assert.equal(selfTimes({ nodes: [] }, 3), []);
});

test('what cannot be asked for together is refused', () => {
  assert.throws(() => parseOptions(['--report', '--quick']), /--quick gives none/);
  assert.throws(() => parseOptions(['--report', '--subject', 'x']), /whole, undisturbed rows/);
  assert.throws(() => parseOptions(['--nonsense']), TypeError);
  assert.ok(parseOptions(['--report', '--row', 'x']).report);
  assert.ok(isWanted('Store: GET', ['nothing', 'get']) && isWanted('x', []) && !isWanted('x', ['y']));
});

test.run();
