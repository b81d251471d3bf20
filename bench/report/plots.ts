/** The plots of a run, as specifications for Vega-Lite. */
import type { TopLevelSpec } from 'vega-lite';
import type { ChurnPoint } from './churn.ts';
import type { KeptRow } from './results.ts';
import { groupOf } from './tables.ts';

/** A plot and the file it goes to. */
export interface Plot {
  /** Without a folder or an ending. */
  readonly file: string;
  readonly title: string;
  readonly spec: TopLevelSpec;
}

/** Not of their own: labels in full, white ground for pages of any colour. */
const CONFIG = {
  background: 'white',
  padding: 12,
  font: 'Helvetica, Arial, sans-serif',
  title: { anchor: 'start', fontSize: 15, offset: 12 },
  axis: { labelFontSize: 11, titleFontSize: 12, labelLimit: 700, gridColor: '#e3e7ec' },
  legend: { labelFontSize: 11, titleFontSize: 12, labelLimit: 700, symbolLimit: 60 },
} as const;

const WIDTH = 560;
const LOGARITHM = { type: 'log' } as const;

/** For file names. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** One plot for each group of rows and axis; a panel for each unit, a line for each row. */
export function curvePlots(rows: readonly KeptRow[]): Plot[] {
  const plots = new Map<string, KeptRow[]>();
  for (const kept of rows) {
    const { row, curve } = kept.report;
    if (curve === undefined) continue;
    const key = `${groupOf(row)}: cost against ${curve.axis}`;
    plots.set(key, [...(plots.get(key) ?? []), kept]);
  }
  return [...plots].map(([title, members]) => ({
    file: slug(title),
    title,
    spec: {
      config: CONFIG,
      title,
      // Panels share neither lines nor units.
      resolve: { scale: { color: 'independent' } },
      vconcat: unitsOf(members).map((unit) => curvePanel(members, unit)),
    },
  }));
}

function unitsOf(rows: readonly KeptRow[]): string[] {
  return [...new Set(rows.flatMap(({ report }) => report.results[0]?.unit ?? []))];
}

function curvePanel(rows: readonly KeptRow[], unit: string) {
  const values = rows.flatMap(({ report: { row, results, curve } }) =>
    results.flatMap((result, index) => {
      const point = curve?.points[index];
      if (point === undefined || result.unit !== unit) return [];
      return [
        { line: row.slice(row.indexOf(':') + 1).trim(), point, median: result.median, p99: result.p99 },
      ];
    }),
  );
  const axis = rows[0]?.report.curve?.axis ?? '';
  const points = [...new Set(values.map(({ point }) => point))];
  // A logarithm has no room for zero.
  const isLogarithmic = points.every((point) => point > 0);
  return {
    width: WIDTH,
    height: 240,
    data: { values },
    mark: { type: 'line', point: { size: 45 } },
    encoding: {
      x: {
        field: 'point',
        type: 'quantitative',
        title: axis,
        ...(isLogarithmic ? { scale: LOGARITHM } : {}),
        axis: { values: points, format: ',', labelOverlap: 'greedy', labelFlush: false },
      },
      y: {
        field: 'median',
        type: 'quantitative',
        title: `${unit}, median`,
        scale: LOGARITHM,
        axis: { format: ',' },
      },
      color: {
        field: 'line',
        type: 'nominal',
        // As many colours as there are lines.
        scale: { scheme: 'tableau20' },
        title: null,
        sort: null,
        // Below, for names of rows are long.
        legend: { orient: 'bottom', columns: 1 },
      },
    },
  } as const;
}

/** Longer names are cut: the table has them in full. */
const LABEL_LENGTH = 130;

function shorten(text: string): string {
  return text.length <= LABEL_LENGTH ? text : `${text.slice(0, LABEL_LENGTH - 1)}…`;
}

/** How many times as good each claim's subject was, beside what is claimed. Nothing without claims that had a peer. */
export function claimPlot(rows: readonly KeptRow[]): Plot | undefined {
  const values = rows.flatMap(({ report: { row, claims } }) =>
    claims.flatMap(({ claim, measured, met }) => {
      // Bounds say how near something comes to what nothing can beat.
      if (measured === undefined || !(measured > 0) || claim.times < 1) return [];
      const peers = claim.against.some((name) => /\bray\b/i.test(name)) ? 'Ray' : 'the best peer';
      return [
        {
          label: shorten(
            `${row} — ${claim.subject}${claim.figure === undefined ? '' : ` (${claim.figure})`} / ${claim.against[0]}${claim.against.length > 1 ? ' …' : ''}`,
          ),
          measured,
          claimed: claim.times,
          against: peers,
          verdict: met ? 'met' : 'missed',
          text: measured.toPrecision(3),
          // Right of bar and tick.
          textAt: Math.max(measured, claim.times),
        },
      ];
    }),
  );
  if (values.length === 0) return undefined;
  const title = 'How many times as good: bars measured, ticks claimed';
  values.sort((one, other) => other.measured - one.measured);
  const y = { field: 'label', type: 'nominal', title: null, sort: null } as const;
  return {
    file: 'claims',
    title,
    spec: {
      config: CONFIG,
      title: { text: title, anchor: 'start', frame: 'group' },
      width: WIDTH,
      height: { step: 24 },
      data: { values },
      encoding: { y },
      layer: [
        {
          mark: { type: 'bar', height: 14 },
          encoding: {
            x: {
              field: 'measured',
              type: 'quantitative',
              title: 'times as good (logarithmic)',
              scale: LOGARITHM,
              axis: { format: ',' },
            },
            x2: { datum: 1 },
            color: {
              field: 'against',
              type: 'nominal',
              title: 'against',
              scale: { domain: ['Ray', 'the best peer'], range: ['#2b6cb0', '#38a169'] },
              legend: { orient: 'bottom' },
            },
          },
        },
        {
          mark: { type: 'text', align: 'left', dx: 5, fontSize: 11 },
          encoding: {
            x: { field: 'textAt', type: 'quantitative' },
            text: { field: 'text' },
            color: { condition: { test: "datum.verdict == 'missed'", value: '#c53030' }, value: '#1f2933' },
          },
        },
        {
          mark: { type: 'tick', thickness: 2, size: 20, color: '#1f2933' },
          encoding: { x: { field: 'claimed', type: 'quantitative' } },
        },
      ],
    },
  };
}

/** Memory over the minutes of the long run, and below it whatever else was sampled. */
export function churnPlot(points: readonly ChurnPoint[]): Plot | undefined {
  const panels = [
    { values: points.filter(({ isMemory }) => isMemory), title: 'MiB' },
    ...[...new Set(points.filter(({ isMemory }) => !isMemory).map(({ quantity }) => quantity))].map(
      (name) => ({
        values: points.filter(({ isMemory, quantity }) => !isMemory && quantity === name),
        title: name,
      }),
    ),
  ].filter(({ values }) => values.length > 0);
  if (panels.length === 0) return undefined;
  const title = 'Churn: memory over time';
  return {
    file: 'churn',
    title,
    spec: {
      config: CONFIG,
      title,
      resolve: { scale: { color: 'independent' } },
      vconcat: panels.map(({ values, title: unit }, index) => ({
        width: WIDTH,
        height: index === 0 ? 240 : 100,
        data: { values },
        mark: { type: 'line' as const },
        encoding: {
          x: { field: 'minute', type: 'quantitative' as const, title: 'minutes', axis: { format: ',' } },
          y: { field: 'value', type: 'quantitative' as const, title: unit, scale: { zero: true } },
          color: {
            field: 'quantity',
            type: 'nominal' as const,
            title: null,
            // The others say it at their axis.
            legend: index === 0 ? { orient: 'bottom' as const } : null,
          },
        },
      })),
    },
  };
}
