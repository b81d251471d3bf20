/** What runs write into the document: tables of rows, of claims, and of where they were measured. */
import { figuresOf, formatFigure } from '../table.ts';
import type { Environment } from './environment.ts';
import type { KeptRow } from './results.ts';

/** What stands before the colon of a row's name. */
export function groupOf(row: string): string {
  return row.slice(0, Math.max(0, row.indexOf(':'))) || 'other';
}

function table(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  // The first column is text, as are those after which a head says so by a leading space.
  const rule = heads.map((head, index) => (index === 0 || head.startsWith(' ') ? '---' : '---:'));
  const toLine = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
  return [toLine(heads), `|${rule.join('|')}|`, ...lines.map(toLine)].join('\n');
}

/** The command that measures one row again. */
export function commandOf(row: string): string {
  return `npm run bench -- --row '${row.replaceAll("'", "'\\''")}'`;
}

/** Rows one below the other, each with its command. */
export function rowTables(rows: readonly KeptRow[]): string {
  if (rows.length === 0) return 'Not measured yet.';
  return rows.map(rowTable).join('\n\n');
}

function rowTable({ report: { row, results, missing }, day }: KeptRow): string {
  const first = results[0];
  const parts = [
    first === undefined ? `**${row}**, ${day}` : `**${row}** (${first.unit}, ${first.rounds} rounds, ${day})`,
    `\`${commandOf(row)}\``,
  ];
  if (first !== undefined) {
    const lines = results.map((result) => [result.subject, ...figuresOf(result, first)]);
    parts.push(table(['subject', 'median', 'p99', 'p99.9', 'ratio'], lines));
  }
  if (missing.length > 0) {
    parts.push(missing.map(({ subject, reason }) => `- ${subject}: not here (${reason})`).join('\n'));
  }
  return parts.join('\n\n');
}

/** Every claim of the rows, with what was measured. */
export function claimTable(rows: readonly KeptRow[]): string {
  const all = rows.flatMap(({ report: { row, claims } }) => claims.map((claim) => ({ row, claim })));
  if (all.length === 0) return 'No claims measured yet.';
  const lines = all.map(({ row, claim: { text, measured, met } }) => [
    row,
    text,
    measured === undefined ? '' : formatFigure(measured),
    measured === undefined ? 'nobody to compare with' : met ? 'met' : '**missed**',
  ]);
  const missed = all.filter(({ claim }) => claim.met === false).length;
  const silent = all.filter(({ claim }) => claim.measured === undefined).length;
  const counts = `${all.length - missed - silent} met, ${missed} missed, ${silent} with nobody to compare with here.`;
  return `${counts}\n\n${table(['row', ' claim', 'times as good', ' '], lines)}`;
}

/** The row of hot paths: time per operation in plain operations, and how many of them it may take. */
export function budgetTable(rows: readonly KeptRow[]): string {
  const lines = rows.flatMap(({ report: { results, claims } }) =>
    claims.flatMap(({ claim, measured, met }) => {
      const result = results.find(({ subject }) => subject === claim.subject);
      if (result === undefined || measured === undefined) return [];
      const verdict = met ? 'within' : '**over**';
      return [
        [
          claim.subject,
          `${formatFigure(result.median)} ${result.unit}`,
          formatFigure(1 / measured),
          formatFigure(1 / claim.times),
          verdict,
        ],
      ];
    }),
  );
  if (lines.length === 0) return 'Not measured yet.';
  return table(['hot path', 'time', 'plain operations', 'budget', ' '], lines);
}

/** The machines, with the rows of each where there are several. */
export function environmentList(rows: readonly KeptRow[]): string {
  const byMachine = new Map<string, KeptRow[]>();
  for (const kept of rows) {
    const text = describe(kept.environment);
    byMachine.set(text, [...(byMachine.get(text) ?? []), kept]);
  }
  return [...byMachine]
    .map(([text, here]) => {
      const days = [...new Set(here.map(({ day }) => day))].sort();
      const when = days.length === 1 ? days[0] : `${days[0]} to ${days.at(-1)}`;
      const which =
        byMachine.size === 1 ? `all ${here.length} rows` : here.map(({ report }) => report.row).join('; ');
      return `- ${text}; ${when}: ${which}`;
    })
    .join('\n');
}

function describe({ processor, processors, memoryBytes, kernel, node, v8 }: Environment): string {
  return `${processor}, ${processors} processors, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, ${kernel}, Node ${node} (V8 ${v8})`;
}
