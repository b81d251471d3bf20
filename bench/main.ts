/** Runs the benchmarks and prints their table; see `HELP`. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { formatTable, measureRow, type Result, type RowModule } from './harness.ts';

/** Where rows come from, in the order they run. */
const MODULES: readonly (() => Promise<RowModule>)[] = [
  () => import('./store.ts'),
  () => import('./copy.ts'),
  () => import('./ring.ts'),
  () => import('./channel.ts'),
  () => import('./fairness.ts'),
  () => import('./spill.ts'),
  () => import('./allocator.ts'),
  () => import('./tasks.ts'),
];

const HELP = `Usage: node dist/bench/main.js [options]

  --row TEXT   only rows whose name contains TEXT (may be repeated)
  --quick      few short rounds: a look, no figures to keep
  --json FILE  also write the results to FILE, a list of
               {row, subject, unit, median, p99, rounds}
  --list       print the names of the rows and stop
  --help       print this and stop

Median and p99 are over the samples of all rounds; the ratio compares medians
with the first subject of the row.`;

const { values: options } = parseArgs({
  options: {
    row: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  console.log(HELP);
} else {
  const modules = await Promise.all(MODULES.map((load) => load()));
  const wanted = options.row.map((text) => text.toLowerCase());
  const rows = modules
    .flatMap((module) => module.rows)
    .filter((row) => wanted.length === 0 || wanted.some((text) => row.name.toLowerCase().includes(text)));
  if (rows.length === 0) {
    console.error(`No row's name contains ${options.row.join(' or ')}; --list prints the names.`);
    process.exitCode = 1;
  }
  const load = loadavg()[0]!;
  if (load > availableParallelism() / 4) {
    console.error(
      `Something else is running here (load average ${load.toFixed(2)}): the figures include its disturbance.\n`,
    );
  }
  const results: Result[] = [];
  for (const row of rows) {
    if (options.list) {
      console.log(row.name);
      continue;
    }
    const rowResults = await measureRow(row, { quick: options.quick });
    console.log(`${formatTable(rowResults)}\n`);
    results.push(...rowResults);
  }
  if (options.json !== undefined && !options.list) {
    await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
}
