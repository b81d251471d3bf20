// deadline: 300 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFlights } from '../../examples/flights/columns.ts';
import { runMode } from '../../examples/flights/comparison.ts';
import type { Mode } from '../../examples/flights/job.ts';
import { columnBytes, writeColumns } from '../../examples/flights/table-file.ts';

const ROWS = 3_000_000;
const FEW_WORKERS = 1;
const MANY_WORKERS = 5;
const ROUNDS = 3;

/** Growth of the peak of memory beyond warm workers, as part of the data; the middle of some runs. */
async function growth(mode: Mode, workers: number, table: string): Promise<number> {
  const found: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const request = { mode, workers, memory: '128MiB', ranges: 10, table };
    const report = await runMode(request, () => {});
    found.push((report.peakBytes - report.baselineBytes) / columnBytes(ROWS));
  }
  return found.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

test('an added worker adds less than a tenth of the data to the peak of memory; by clone, most of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-flights-test-'));
  try {
    const table = join(folder, 'flights');
    writeColumns(table, await readFlights(ROWS));
    const added = MANY_WORKERS - FEW_WORKERS;
    const perWorker = async (mode: Mode): Promise<number> =>
      ((await growth(mode, MANY_WORKERS, table)) - (await growth(mode, FEW_WORKERS, table))) / added;
    const shared = await perWorker('plasmoid');
    const clone = await perWorker('whole');
    const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
    process.stdout.write(
      `per added worker: ${percent(shared)} of the data in place, ${percent(clone)} cloned\n`,
    );
    assert.ok(shared < 0.1, `${percent(shared)} in place`);
    assert.ok(clone > 0.5, `${percent(clone)} cloned`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
