/**
 * Runs benchmarks: rows of subjects that do the same work, measured in turns.
 *
 * The subjects of a row are all set up first, then run one round each, again and again, starting with another subject
 * each time. So whatever disturbs the machine for a while disturbs all of them alike, and no subject always runs
 * first. One round of warm-up is thrown away, but at the quick scale.
 */

import { type Claim, type ClaimOutcome, claimOutcome } from './claims.ts';

/** How much work to do. */
export interface Scale {
  /** For a look, not for figures: fewer and shorter rounds. */
  readonly quick: boolean;
  /** Ray is measured where it is installed, unless its published figures are asked for. */
  readonly ray?: 'here' | 'published';
}

/** A subject that is set up. */
export interface Run {
  /** Does the work of one round and returns what it measured, in the row's unit: one sample or several. */
  round(): number | readonly number[] | Promise<number | readonly number[]>;
  /** Undoes the set-up. Called once, also after a failure. */
  tearDown?(): void | Promise<void>;
}

/** Why a subject cannot run on this machine: something that it needs is not installed. */
export class Unavailable {
  readonly reason: string;
  /** Who stands in; always can. */
  readonly instead: Subject | undefined;

  constructor(reason: string, instead?: Subject) {
    this.reason = reason;
    this.instead = instead;
  }
}

/** One way of doing a row's work. */
export interface Subject {
  readonly name: string;
  setUp(scale: Scale): Run | Unavailable | Promise<Run | Unavailable>;
}

/** What the subjects of a row are when they are one after another on an axis, to be drawn on a logarithmic scale. */
export interface Curve {
  /** What grows, for instance `objects in the store`. */
  readonly axis: string;
  /** How much of it: one number for each subject, in their order. */
  readonly points: readonly number[];
}

/** One thing measured, by one or more subjects; the first is what the others are compared with. */
export interface Row {
  readonly name: string;
  /** What a sample is, for instance `ns/message`. */
  readonly unit: string;
  readonly subjects: readonly Subject[];
  /** Samples are rates, not times. */
  readonly higherIsBetter?: boolean;
  /** Fewer rounds than {@link ROUNDS}: for rounds of seconds. */
  readonly rounds?: number;
  /** The old generation of the process that measures it is no larger: where the collector matters. */
  readonly heapMegabytes?: number;
  /** What is said of this row in the documents. */
  readonly claims?: readonly Claim[];
  /** The subjects are the points of a curve. */
  readonly curve?: Curve;
}

/** What a module of rows exports. */
export interface RowModule {
  readonly rows: readonly Row[];
  /**
   * Ends what its rows share because it takes long to begin: what a process has of it serves all rows that it measures.
   * Called once, also after a failure.
   */
  end?(): Promise<void>;
}

/** The figures of one subject in one row. */
export interface Result {
  readonly row: string;
  readonly subject: string;
  readonly unit: string;
  readonly median: number;
  readonly p99: number;
  readonly p999: number;
  readonly samples: number;
  readonly rounds: number;
}

/** A row, measured. */
export interface RowReport {
  readonly row: string;
  readonly results: readonly Result[];
  /** Subjects that could not run here. */
  readonly missing: readonly { readonly subject: string; readonly reason: string }[];
  readonly claims: readonly ClaimOutcome[];
  /** The row's curve, with the points of those subjects only that have results, in their order. */
  readonly curve?: Curve;
}

/** Rounds of each subject that count. */
export const ROUNDS = 15;
/** The same, at the quick scale. */
export const ROUNDS_QUICK = 2;
/** At the quick scale no round begins after this time, but the first. */
const QUICK_MS = 200;

/** The smallest sample that at least `fraction` of all samples do not exceed. */
export function quantile(samples: readonly number[], fraction: number): number {
  if (samples.length === 0) {
    throw new Error('No samples to take a quantile of');
  }
  const sorted = Float64Array.from(samples).sort();
  const rank = Math.ceil(fraction * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1]!;
}

/** A subject that is set up, or who stands in for it, or why nobody is. */
interface Ready {
  readonly name: string;
  readonly run?: Run;
  readonly missing?: RowReport['missing'][number];
}

async function ready(subject: Subject, scale: Scale): Promise<Ready> {
  const { name } = subject;
  const run = await subject.setUp(scale);
  if (!(run instanceof Unavailable)) return { name, run };
  const missing = { subject: name, reason: run.reason };
  if (run.instead === undefined) return { name, missing };
  const other = await run.instead.setUp(scale);
  if (other instanceof Unavailable) throw new Error(`${run.instead.name} cannot stand in: ${other.reason}`);
  return { name: run.instead.name, run: other, missing };
}

/**
 * For a look all at once, since most of a set-up is waiting for threads to start; for figures one after the other, up to the
 * first that fails, so that none warms up while another takes its processor.
 */
async function setUpAll({ subjects }: Row, scale: Scale): Promise<PromiseSettledResult<Ready>[]> {
  if (scale.quick) return Promise.allSettled(subjects.map((subject) => ready(subject, scale)));
  const outcomes: PromiseSettledResult<Ready>[] = [];
  for (const subject of subjects) {
    outcomes.push(...(await Promise.allSettled([ready(subject, scale)])));
    if (outcomes.at(-1)?.status === 'rejected') break;
  }
  return outcomes;
}

/** Measures one row; results in the order of its subjects. */
export async function measureRow(row: Row, scale: Scale): Promise<RowReport> {
  const wanted = scale.quick ? ROUNDS_QUICK : (row.rounds ?? ROUNDS);
  const outcomes = await setUpAll(row, scale);
  const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const present = found.flatMap(({ name, run }) =>
    run === undefined ? [] : [{ name, run, samples: [] as number[] }],
  );
  const missing = found.flatMap(({ missing }) => (missing === undefined ? [] : [missing]));
  try {
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const startedMs = performance.now();
    let rounds = 0;
    for (let round = scale.quick ? 0 : -1; round < wanted; round++) {
      if (scale.quick && round > 0 && performance.now() - startedMs > QUICK_MS) break;
      for (let turn = 0; turn < present.length; turn++) {
        const { run, samples } = present[(turn + round + 1) % present.length]!;
        const measured = await run.round();
        if (round >= 0) samples.push(...(typeof measured === 'number' ? [measured] : measured));
      }
      rounds = round + 1;
    }
    const results = present.map(({ name, samples }) => ({
      row: row.name,
      subject: name,
      unit: row.unit,
      median: quantile(samples, 0.5),
      // The tail is the bad end: of rates, the low one.
      p99: quantile(samples, row.higherIsBetter ? 0.01 : 0.99),
      p999: quantile(samples, row.higherIsBetter ? 0.001 : 0.999),
      samples: samples.length,
      rounds,
    }));
    const claims = (row.claims ?? []).map((claim) =>
      claimOutcome(claim, results, row.higherIsBetter ?? false),
    );
    return { row: row.name, results, missing, claims, ...curveOf(row, results) };
  } finally {
    for (const { run } of present) {
      await run.tearDown?.();
    }
  }
}

function curveOf({ subjects, curve }: Row, results: readonly Result[]): { readonly curve?: Curve } {
  if (curve === undefined) return {};
  const present = new Set(results.map(({ subject }) => subject));
  const points = curve.points.filter((_, index) => present.has(subjects[index]?.name ?? ''));
  return { curve: { axis: curve.axis, points } };
}
