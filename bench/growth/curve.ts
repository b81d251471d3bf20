/** Rows whose subjects are the points of a curve. */

import type { Claim } from '../claims.ts';
import { type Row, type Run, type Scale, Unavailable } from '../harness.ts';

/** A row without its subjects, and what they are made from. */
export interface CurveRow extends Omit<Row, 'subjects' | 'curve' | 'claims'> {
  /** What grows. */
  readonly axis: string;
  readonly points: readonly number[];
  readonly nameOf: (point: number) => string;
  /** The points at the quick scale. */
  readonly quickPoints: readonly number[];
  /** The cost at `point` is at most so many times the cost at `from`. */
  readonly flat?: { readonly point: number; readonly from: number; readonly times: number };
  setUp(point: number, scale: Scale): Run | Unavailable | Promise<Run | Unavailable>;
}

export function curveRow({ axis, points, nameOf, quickPoints, flat, setUp, ...row }: CurveRow): Row {
  return {
    ...row,
    subjects: points.map((point) => ({
      name: nameOf(point),
      setUp: (scale) =>
        scale.quick && !quickPoints.includes(point)
          ? new Unavailable('not at the quick scale')
          : setUp(point, scale),
    })),
    curve: { axis, points },
    claims: flat === undefined ? [] : [notMoreThan(flat.times, nameOf(flat.point), nameOf(flat.from))],
  };
}

/** A bound on cost, as a claim: claims say how many times as good something is at least. */
function notMoreThan(times: number, subject: string, against: string): Claim {
  return { subject, against: [against], times: Number((1 / times).toPrecision(3)) };
}

/** For instance `1,000 objects`. */
export function counted(one: string, many = `${one}s`): (count: number) => string {
  return (count) => (count === 1 ? `1 ${one}` : `${count.toLocaleString('en-US')} ${many}`);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** For instance `16 MiB`; for powers of two. */
export function sizeName(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${bytes / 2 ** (10 * unit)} ${UNITS[unit]}`;
}
