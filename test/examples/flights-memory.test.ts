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

/** A worker's own memory at work, some megabytes, varies by half of that: of so much data it is a small part. */
const ROWS = 5_000_000;
const FEW_WORKERS = 1;
const MANY_WORKERS = 9;
const ROUNDS = 7;

interface Memory {
  readonly peakBytes: number;
  /** Before anything was handed over. */
  readonly baselineBytes: number;
}

/** The middle of some runs. */
async function measure(mode: Mode, workers: number, table: string): Promise<Memory> {
  const reports: Memory[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    reports.push(await runMode({ mode, workers, memory: '256MiB', ranges: 10, table }, () => {}));
  }
  const middle = (read: (memory: Memory) => number): number =>
    reports.map(read).sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  return {
    peakBytes: middle((memory) => memory.peakBytes),
    baselineBytes: middle((memory) => memory.baselineBytes),
  };
}

// The allocator of the sanitizers keeps what was freed, so that memory is not to be measured under it.
const unlessSanitized = process.env.PLASMOID_ASAN === '1' ? test.skip : test;

unlessSanitized(
  'an added worker adds less than a tenth of the data to the peak of memory; by clone, most of it',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plasmoid-flights-test-'));
    try {
      const table = join(folder, 'flights');
      writeColumns(table, await readFlights(ROWS));
      const [few, many] = [FEW_WORKERS, MANY_WORKERS];
      const cloned = { few: await measure('whole', few, table), many: await measure('whole', many, table) };
      const inPlace = {
        few: await measure('plasmoid', few, table),
        many: await measure('plasmoid', many, table),
      };
      // The worker itself is taken off by the runs without a store: one with a store populates its memory in the background,
      // before its baseline or after it.
      const workersBytes = cloned.many.baselineBytes - cloned.few.baselineBytes;
      const perWorker = (modes: { few: Memory; many: Memory }): number =>
        (modes.many.peakBytes - modes.few.peakBytes - workersBytes) / (many - few) / columnBytes(ROWS);
      const shared = perWorker(inPlace);
      const clone = perWorker(cloned);
      const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
      process.stdout.write(
        `per added worker: ${percent(shared)} of the data in place, ${percent(clone)} cloned\n`,
      );
      assert.ok(shared < 0.1, `${percent(shared)} in place`);
      assert.ok(clone > 0.5, `${percent(clone)} cloned`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.run();
