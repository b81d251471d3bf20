/** What the rows beside Ray are made of, without Ray. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { measureRow, Unavailable } from '../../bench/harness.ts';
import { parseAnswer } from '../../bench/ray/answer.ts';
import { DRIVER } from '../../bench/ray/environment.ts';
import { PacedWork } from '../../bench/ray/paced.ts';
import { PUBLISHED, publishedSubject } from '../../bench/ray/published.ts';
import { rows, TWINS } from '../../bench/ray/rows.ts';

const NAMES = Object.keys(TWINS);

test('every row has a figure that Ray has published, and no other has', () => {
  assert.equal(Object.keys(PUBLISHED), NAMES);
  assert.ok(Object.values(PUBLISHED).every((figure) => figure > 0));
  assert.throws(() => publishedSubject('no such row').setUp({ quick: true }), /no such row/);
});

test("Ray's driver knows every row, in the same order", () => {
  const table = /^ROWS = \{$(.*?)^\}$/ms.exec(readFileSync(DRIVER, 'utf8'))?.[1] ?? '';
  assert.equal(
    [...table.matchAll(/^ {4}"(.*)": /gm)].map(([, name]) => name),
    NAMES,
  );
});

test('rows are named after Ray’s, and claim something of Ray here and of nothing published', () => {
  assert.equal(
    rows.map(({ name }) => name),
    NAMES.map((name) => `ray: ${name}`),
  );
  for (const { claims = [], subjects, higherIsBetter } of rows) {
    assert.ok(higherIsBetter);
    const names = subjects.map(({ name }) => name);
    for (const { subject, against } of claims)
      for (const name of [subject, ...against]) assert.ok(names.includes(name), name);
  }
});

test('answers of the driver are read, and nothing else', () => {
  assert.equal(parseAnswer('{"ray": "2.60.0"}'), { ray: '2.60.0' });
  assert.equal(parseAnswer('{"rate": 1234.5}'), { rate: 1234.5 });
  assert.equal(parseAnswer('{"error": "RaySystemError: no"}'), { error: 'RaySystemError: no' });
  for (const line of ['', 'a warning', 'null', '3', '{}', '{"rate": "3"}', '{"rate": 0}', '{"rate": NaN}'])
    assert.throws(() => parseAnswer(line), undefined, line);
});

test('work is counted in its own unit, whether it waits or not', async () => {
  let count = 0;
  for (const once of [() => count++, async () => count++]) {
    count = 0;
    const work = new PacedWork({ once, multiplier: 5 });
    const startedMs = performance.now();
    const rate = await work.round(0.02);
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    assert.ok(count > 0);
    // The clock here runs a little longer.
    const least = (5 * count) / elapsedSeconds;
    assert.ok(rate >= least && rate <= (5 * count) / 0.02, `${rate}, at least ${least}`);
  }
});

test('who cannot run here is replaced by who stands in, and both are told', async () => {
  const report = await measureRow(
    {
      name: 'row',
      unit: 'operations/s',
      higherIsBetter: true,
      subjects: [
        { name: 'own', setUp: () => ({ round: () => 3 }) },
        {
          name: 'Ray, here',
          setUp: () => new Unavailable('not installed', publishedSubject('1:1 actor calls sync')),
        },
        { name: 'other', setUp: () => new Unavailable('not there') },
      ],
      claims: [{ subject: 'own', against: ['Ray, here'], times: 10 }],
    },
    { quick: true },
  );
  assert.equal(
    report.results.map(({ median }) => median),
    [3, PUBLISHED['1:1 actor calls sync']],
  );
  assert.match(report.results[1]?.subject ?? '', /published.*not measured/);
  assert.equal(report.missing, [
    { subject: 'Ray, here', reason: 'not installed' },
    { subject: 'other', reason: 'not there' },
  ]);
  assert.is(report.claims[0]?.met, undefined);
});

test.run();
