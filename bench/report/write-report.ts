/** Writes what a run leaves behind: results, plots, and the generated parts of the document. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RowReport } from '../harness.ts';
import { readChurn } from './churn.ts';
import { blockNames, fillBlocks } from './document.ts';
import { thisEnvironment } from './environment.ts';
import { churnPlot, claimPlot, curvePlots, type Plot } from './plots.ts';
import { type KeptResults, mergeResults, readResults } from './results.ts';
import { budgetTable, claimTable, environmentList, groupOf, rowTables } from './tables.ts';

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
/** The rows that say what hot paths may cost. */
export const BUDGET_GROUP = 'budget';

/** Where everything lies. */
export interface ReportPlaces {
  readonly document: string;
  readonly folder: string;
}

export const PLACES: ReportPlaces = {
  document: join(DOCS, 'performance.md'),
  folder: join(DOCS, 'performance'),
};

export const resultsPath = ({ folder }: ReportPlaces): string => join(folder, 'results.json');

/** Keeps what was measured beside what an earlier run has left of other rows. `names`: all rows there are. */
export function keepReports(
  reports: readonly RowReport[],
  names: readonly string[],
  places = PLACES,
): KeptResults {
  const environment = thisEnvironment();
  const day = new Date().toISOString().slice(0, 10);
  const fresh = reports.map((report) => ({ report, day, environment }));
  const kept = mergeResults(readResults(resultsPath(places), 'may exist'), fresh, names);
  mkdirSync(places.folder, { recursive: true });
  writeFileSync(resultsPath(places), `${JSON.stringify(kept, null, 1)}\n`);
  return kept;
}

/** Makes plots and tables again; returns the paths written. */
export async function writeReport({ rows }: KeptResults, places = PLACES): Promise<string[]> {
  const plots = [
    claimPlot(rows.filter(({ report }) => groupOf(report.row) !== BUDGET_GROUP)),
    ...curvePlots(rows),
    churnPlot(readChurn(join(places.folder, 'churn.json'))),
  ].filter((plot) => plot !== undefined);
  const paths = await drawAll(plots, places);
  const document = readFileSync(places.document, 'utf8');
  const named = new Set(blockNames(document));
  writeFileSync(
    places.document,
    fillBlocks(document, (name) => {
      const group = /^tables (.+)$/.exec(name)?.[1];
      if (group !== undefined) return rowTables(rows.filter(({ report }) => groupOf(report.row) === group));
      switch (name) {
        case 'environment':
          return environmentList(rows);
        case 'claims':
          return claimTable(rows.filter(({ report }) => groupOf(report.row) !== BUDGET_GROUP));
        case 'budgets':
          return budgetTable(rows.filter(({ report }) => groupOf(report.row) === BUDGET_GROUP));
        case 'plots':
          return plotLinks(plots);
        case 'tables':
          // Whatever has no block of its own, so that a new module needs no edit here.
          return rowTables(rows.filter(({ report }) => !named.has(`tables ${groupOf(report.row)}`)));
        default:
          return undefined;
      }
    }),
  );
  return [places.document, ...paths];
}

async function drawAll(plots: readonly Plot[], { folder }: ReportPlaces): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name.endsWith('.svg')) rmSync(join(folder, name));
  // Loaded here: it takes half a second, and runs without a report need none of it.
  const { drawPlot } = await import('./svg.ts');
  const paths: string[] = [];
  for (const plot of plots) {
    const path = join(folder, `${plot.file}.svg`);
    writeFileSync(path, `${await drawPlot(plot)}\n`);
    paths.push(path);
  }
  return paths;
}

function plotLinks(plots: readonly Plot[]): string {
  if (plots.length === 0) return 'No plots yet.';
  return plots.map(({ file, title }) => `![${title}](performance/${file}.svg)`).join('\n\n');
}
