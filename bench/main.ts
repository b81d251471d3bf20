/** Runs the benchmarks and prints their tables; see `HELP`. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { RowReport, Scale } from './harness.ts';
import { allRows, type LocatedRow } from './modules.ts';
import { type BenchOptions, HELP, isWanted, parseOptions } from './options.ts';
import { installRay } from './ray/environment.ts';
import { readResults } from './report/results.ts';
import { keepReports, writeReport } from './report/write-report.ts';
import { runAll, runRows, type WantedRow } from './run-rows.ts';
import { formatReport } from './table.ts';

const PROFILES = fileURLToPath(new URL('../../profiles/', import.meta.url));

const options = readOptions();
if (options?.help) console.log(HELP);
else if (options !== undefined) await main(options);

/** Nothing, after saying why, when they are wrong. */
function readOptions(): BenchOptions | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return undefined;
  }
}

async function main(options: BenchOptions): Promise<void> {
  if (options.from !== undefined) {
    for (const path of await writeReport(readResults(options.from, 'must exist'))) console.log(path);
    return;
  }
  const all = await allRows();
  const texts = options.profile === undefined ? options.row : [options.profile];
  const rows = all.filter(
    ({ row }) =>
      isWanted(row.name, texts) && row.subjects.some(({ name }) => isWanted(name, options.subject)),
  );
  if (rows.length === 0) {
    console.error('No row has these texts in its name and subjects; --list prints the names.');
    process.exitCode = 1;
    return;
  }
  if (options.list) {
    for (const { row } of rows) console.log(row.name);
    return;
  }
  if (options.ray === 'install' && rows.some(({ module }) => module === 'ray')) await makeRayAvailable();
  tellOfLoad();
  if (options.profile !== undefined) await profileRows(rows, options);
  else await measureRows(rows, all, options);
}

/** Before the first row, not in each row's process. */
async function makeRayAvailable(): Promise<void> {
  const reason = await installRay();
  if (reason === undefined) return;
  console.error(`Ray cannot be installed (${reason}): its published figures stand in.\n`);
}

function scaleOf({ quick, ray }: BenchOptions): Scale {
  return { quick, ray: ray === 'published' ? 'published' : 'here' };
}

function tellOfLoad(): void {
  const load = loadavg()[0]!;
  if (load > availableParallelism() / 4) {
    console.error(
      `Something else is running here (load average ${load.toFixed(2)}): the figures include its disturbance.\n`,
    );
  }
}

function withSubjects(located: LocatedRow, options: BenchOptions): WantedRow {
  const names = located.row.subjects.map(({ name }) => name);
  return { ...located, subjects: names.filter((name) => isWanted(name, options.subject)) };
}

async function measureRows(
  rows: readonly LocatedRow[],
  all: readonly LocatedRow[],
  options: BenchOptions,
): Promise<void> {
  const startedMs = performance.now();
  const reports: RowReport[] = [];
  const wanted = rows.map((row) => withSubjects(row, options));
  await runAll(wanted, scaleOf(options), {
    onReport: (report) => {
      console.log(`${formatReport(report)}\n`);
      reports.push(report);
    },
    onFailure: (error) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    },
  });
  const claims = reports.flatMap((report) => report.claims);
  const count = (verdict: boolean | undefined): number => claims.filter(({ met }) => met === verdict).length;
  console.log(`claims: ${count(true)} met, ${count(false)} missed, ${count(undefined)} without a peer here`);
  if (options.quick) console.log('(claims are of the full scale: a look is too short for many of them)');
  console.log(`whole run: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(reports, null, 2)}\n`);
  if (options.report) {
    const names = all.map(({ row }) => row.name);
    for (const path of await writeReport(keepReports(reports, names))) console.log(path);
  }
}

/** One subject at a time: beside others, its threads would be among theirs. */
async function profileRows(rows: readonly LocatedRow[], options: BenchOptions): Promise<void> {
  for (const located of rows) {
    for (const subject of withSubjects(located, options).subjects) {
      const alone = [{ ...located, subjects: [subject] }];
      await runRows(alone, scaleOf(options), (report) => console.log(`${formatReport(report)}\n`), PROFILES);
    }
  }
}
