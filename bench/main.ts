/** Runs the benchmarks and prints their tables; see `HELP`. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { RowReport } from './harness.ts';
import { allRows } from './modules.ts';
import { runRow } from './run-row.ts';
import { formatReport } from './table.ts';

const HELP = `Usage: node dist/bench/main.js [options]

  --row TEXT     only rows whose name contains TEXT (may be repeated)
  --quick        few short rounds: a look, no figures to keep
  --json FILE    also write the reports to FILE, a list of
                 {row, results: [{subject, unit, median, p99, p999, …}], missing, claims}
  --list         print the names of the rows and stop
  --help         print this and stop

Each row runs in a process of its own. Median, p99 and p99.9 are over the
samples of all rounds; the ratio compares medians with the first subject.`;

const { values: options } = parseArgs({
  options: {
    row: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const wanted = options.row.map((text) => text.toLowerCase());
  const rows = (await allRows()).filter(
    ({ row }) => wanted.length === 0 || wanted.some((text) => row.name.toLowerCase().includes(text)),
  );
  if (rows.length === 0) {
    console.error(`No row's name contains ${options.row.join(' or ')}; --list prints the names.`);
    process.exitCode = 1;
  }
  if (options.list) {
    for (const { row } of rows) console.log(row.name);
    return;
  }
  const load = loadavg()[0]!;
  if (load > availableParallelism() / 4) {
    console.error(
      `Something else is running here (load average ${load.toFixed(2)}): the figures include its disturbance.\n`,
    );
  }
  const reports: RowReport[] = [];
  for (const row of rows) {
    const report = await runRow(row, { quick: options.quick });
    console.log(`${formatReport(report)}\n`);
    reports.push(report);
  }
  const claims = reports.flatMap((report) => report.claims);
  const missed = claims.filter(({ met }) => met === false);
  console.log(`${claims.length - missed.length} of ${claims.length} claims met or without a peer here`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(reports, null, 2)}\n`);
}
