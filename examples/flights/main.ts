/** The main example: `npm start`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Progress } from '../support/progress.ts';
import { renderTable } from '../support/table.ts';
import { type Arguments, HELP, readArguments } from './arguments.ts';
import { type ChartData, renderChart } from './chart.ts';
import { type Flights, readFlights } from './columns.ts';
import { type JobReport, runMode, sameAnswers } from './comparison.ts';
import type { Mode } from './job.ts';
import { summarise } from './percentiles.ts';
import { columnBytes, writeColumns } from './table-file.ts';

const AIRPORTS_SHOWN = 20;
const RANGES_PER_WORKER = 2;
const MODES: readonly { readonly mode: Mode; readonly label: string }[] = [
  { mode: 'plasmoid', label: 'plasmoid, in place' },
  { mode: 'slices', label: 'piscina, clone of slices' },
  { mode: 'whole', label: 'piscina, clone of columns' },
];

async function main(options: Arguments): Promise<void> {
  const reading = new Progress('reading flights');
  const flights = await readFlights(options.rows, reading.update);
  reading.done();
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-flights-'));
  try {
    const table = join(folder, 'flights');
    writeColumns(table, flights);
    const reports: JobReport[] = [];
    for (const { mode, label } of MODES) {
      const progress = new Progress(label);
      const { workers, memory } = options;
      const request = { mode, workers, memory, ranges: workers * RANGES_PER_WORKER, table };
      reports.push(await runMode(request, progress.update));
      progress.done();
    }
    report(flights, reports, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(flights: Flights, reports: readonly JobReport[], options: Arguments): void {
  const [shared, ...clones] = reports;
  if (shared === undefined) throw new Error('nothing was run');
  const chart = chartData(flights, shared);
  writeFileSync(options.output, renderChart(chart));
  const rows = flights.columns.delay.length;
  if (options.json !== undefined) {
    const costs = reports.map(({ answers: _answers, ...cost }) => cost);
    writeFileSync(
      options.json,
      `${JSON.stringify({ rows, ...chart, density: [...shared.answers.density], costs }, null, 1)}\n`,
    );
  }
  const agree = clones.every((clone) => sameAnswers(shared, clone));
  print(`\nDelays by airport of departure (the ${chart.airports.length} with most flights), in minutes`);
  const number = (value: number, digits = 0): string => value.toFixed(digits);
  print(
    renderTable(
      ['airport', 'flights', 'mean', '10 %', '50 %', '90 %', '99 %', 'late'],
      chart.airports.map((one) => [
        one.name,
        one.flights.toLocaleString('en-US'),
        number(one.mean, 1),
        ...[one.p10, one.p50, one.p90, one.p99].map((value) => number(value)),
        `${number(one.lateShare * 100, 1)} %`,
      ]),
    ),
  );
  print(
    `\nThe same job, ${shared.tasks} tasks on ${options.workers} workers, ${mebibytes(columnBytes(rows))} of columns`,
  );
  print(
    renderTable(
      ['columns by', 'wall', 'handing over', 'copied between threads', 'peak memory', 'above idle workers'],
      reports.map((one) => [
        MODES.find(({ mode }) => mode === one.mode)?.label ?? one.mode,
        `${number(one.wallMs)} ms`,
        `${number(one.handOverMs, 1)} ms`,
        mebibytes(one.copiedBytes),
        mebibytes(one.peakBytes),
        mebibytes(one.peakBytes - one.baselineBytes),
      ]),
    ),
  );
  const whole = clones.at(-1);
  if (whole !== undefined) {
    print(
      `\nHanding over whole columns in place takes 1/${number(whole.handOverMs / shared.handOverMs)} of cloning them.`,
    );
  }
  print(agree ? 'All modes counted the same, to the last flight.' : 'THE MODES DISAGREE.');
  print(`Chart: ${options.output}`);
  if (!agree) process.exitCode = 1;
}

function chartData(flights: Flights, shared: JobReport): ChartData {
  const airports = summarise(Uint32Array.from(shared.answers.airports))
    .sort((one, other) => other.flights - one.flights)
    .slice(0, AIRPORTS_SHOWN)
    .map((summary) => ({ ...summary, name: flights.airports[summary.key] ?? '?' }));
  return {
    flights: flights.columns.delay.length,
    hours: summarise(Uint32Array.from(shared.answers.hours)),
    airports,
    density: shared.answers.density,
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const options = readArguments(process.argv.slice(2));
  if (options.help) print(HELP);
  else await main(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
