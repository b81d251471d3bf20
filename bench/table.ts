/** Reports as lines of text. */

import type { Result, RowReport } from './harness.ts';

/** Fewer samples have no p99.9. */
const SAMPLES_OF_P999 = 1000;

/** Columns aligned; each subject's median relative to the first one's; what is missing and what is claimed below. */
export function formatReport({ results, missing, claims }: RowReport): string {
  const lines: string[] = [];
  const subjectWidth = Math.max(0, ...results.map((result) => result.subject.length));
  const first = results[0];
  if (first !== undefined) {
    const heads = ['median', 'p99', 'p99.9', 'ratio'].map((name) => name.padStart(12)).join('');
    lines.push(
      `${first.row} (${first.unit}, ${first.rounds} rounds)`,
      `  ${''.padEnd(subjectWidth)}${heads}`,
    );
    for (const result of results) {
      const figures = figuresOf(result, first).map((figure) => figure.padStart(12));
      lines.push(`  ${result.subject.padEnd(subjectWidth)}${figures.join('')}`);
    }
  }
  for (const { subject, reason } of missing) lines.push(`  ${subject}: not here (${reason})`);
  for (const { text, measured, met } of claims) {
    const verdict =
      measured === undefined
        ? 'nobody to compare with'
        : `${formatFigure(measured)}, ${met ? 'met' : 'MISSED'}`;
    lines.push(`  claim: ${text}: ${verdict}`);
  }
  return lines.join('\n');
}

/** Median, p99, p99.9 and ratio, as they are shown everywhere. */
export function figuresOf(result: Result, first: Result): string[] {
  return [
    formatFigure(result.median),
    formatFigure(result.p99),
    result.samples < SAMPLES_OF_P999 ? '' : formatFigure(result.p999),
    `${(result.median / first.median).toFixed(2)}x`,
  ];
}

/** Three significant digits, without an exponent. */
export function formatFigure(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-3))));
  return value.toFixed(decimals);
}
