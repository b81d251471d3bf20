/**
 * Runs benchmarks: rows of subjects that do the same work, measured in turns.
 *
 * The subjects of a row are all set up first, then run one round each, again and again, starting with another subject
 * each time. So whatever disturbs the machine for a while disturbs all of them alike, and no subject always runs
 * first. One round of warm-up is thrown away.
 */

/** How much work to do. */
export interface Scale {
  /** For a look, not for figures: fewer and shorter rounds. */
  readonly quick: boolean;
}

/** A subject that is set up. */
export interface Run {
  /** Does the work of one round and returns what it measured, in the row's unit: one sample or several. */
  round(): number | readonly number[] | Promise<number | readonly number[]>;
  /** Undoes the set-up. Called once, also after a failure. */
  tearDown?(): void | Promise<void>;
}

/** One way of doing a row's work. */
export interface Subject {
  readonly name: string;
  setUp(scale: Scale): Run | Promise<Run>;
}

/** One thing measured, by one or more subjects; the first is what the others are compared with. */
export interface Row {
  readonly name: string;
  /** What a sample is, for instance `ns/message`. */
  readonly unit: string;
  readonly subjects: readonly Subject[];
  /** Fewer rounds than {@link ROUNDS}: for rounds of seconds. */
  readonly rounds?: number;
}

/** What a module of rows exports. */
export interface RowModule {
  readonly rows: readonly Row[];
}

/** The figures of one subject in one row. */
export interface Result {
  readonly row: string;
  readonly subject: string;
  readonly unit: string;
  readonly median: number;
  readonly p99: number;
  readonly rounds: number;
}

/** Rounds of each subject that count. */
export const ROUNDS = 15;
/** The same, at the quick scale. */
export const ROUNDS_QUICK = 3;

/** The smallest sample that at least `fraction` of all samples do not exceed. */
export function quantile(samples: readonly number[], fraction: number): number {
  if (samples.length === 0) {
    throw new Error('No samples to take a quantile of');
  }
  const sorted = Float64Array.from(samples).sort();
  const rank = Math.ceil(fraction * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1]!;
}

/** Measures one row; results in the order of its subjects. */
export async function measureRow(row: Row, scale: Scale): Promise<Result[]> {
  const rounds = scale.quick ? ROUNDS_QUICK : (row.rounds ?? ROUNDS);
  const runs: Run[] = [];
  try {
    for (const subject of row.subjects) {
      runs.push(await subject.setUp(scale));
    }
    const samples = runs.map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      for (let turn = 0; turn < runs.length; turn++) {
        const index = (turn + round + 1) % runs.length;
        const measured = await runs[index]!.round();
        if (round >= 0) {
          samples[index]!.push(...(typeof measured === 'number' ? [measured] : measured));
        }
      }
    }
    return row.subjects.map((subject, index) => ({
      row: row.name,
      subject: subject.name,
      unit: row.unit,
      median: quantile(samples[index]!, 0.5),
      p99: quantile(samples[index]!, 0.99),
      rounds,
    }));
  } finally {
    for (const run of runs) {
      await run.tearDown?.();
    }
  }
}

/** Results as lines of text: one block per row, columns aligned, each subject's median relative to the first one's. */
export function formatTable(results: readonly Result[]): string {
  const lines: string[] = [];
  const subjectWidth = Math.max(0, ...results.map((result) => result.subject.length));
  const figureWidth = 12;
  let firstOfRow: Result | undefined;
  for (const result of results) {
    if (firstOfRow?.row !== result.row) {
      firstOfRow = result;
      lines.push(
        '',
        `${result.row} (${result.unit}, ${result.rounds} rounds)`,
        `  ${''.padEnd(subjectWidth)}${['median', 'p99', 'ratio'].map((name) => name.padStart(figureWidth)).join('')}`,
      );
    }
    const ratio = `${(result.median / firstOfRow.median).toFixed(2)}x`;
    const figures = [formatFigure(result.median), formatFigure(result.p99), ratio];
    lines.push(
      `  ${result.subject.padEnd(subjectWidth)}${figures.map((figure) => figure.padStart(figureWidth)).join('')}`,
    );
  }
  return lines.slice(1).join('\n');
}

/** Three significant digits, without an exponent. */
function formatFigure(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-3))));
  return value.toFixed(decimals);
}
