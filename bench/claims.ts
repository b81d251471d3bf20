/** What the documents say of a row, in a form that each run checks. */

import type { Result } from './harness.ts';

/** A subject is at least so many times as good as the best of others. */
export interface Claim {
  readonly subject: string;
  /** Other ways of the subject's side to the same end: its best one counts, as the best of the others does. */
  readonly orElse?: readonly string[];
  /** Which of the subject's figures; the median when nothing is said. */
  readonly figure?: 'median' | 'p999';
  /** Subjects of the row; those that are not here are not looked at. Medians. */
  readonly against: readonly string[];
  /** Less than one where the others are a bound. */
  readonly times: number;
}

/** A claim, looked at. */
export interface ClaimOutcome {
  readonly claim: Claim;
  readonly text: string;
  /** How many times as good; absent where none of the others could run. */
  readonly measured?: number;
  readonly met?: boolean;
}

export function claimOutcome(
  claim: Claim,
  results: readonly Result[],
  higherIsBetter: boolean,
): ClaimOutcome {
  const text = describeClaim(claim);
  const ways = [claim.subject, ...(claim.orElse ?? [])];
  const own = results
    .filter(({ subject }) => ways.includes(subject))
    .map((result) => result[claim.figure ?? 'median']);
  const others = results.filter(({ subject }) => claim.against.includes(subject)).map(({ median }) => median);
  if (own.length === 0 || others.length === 0) return { claim, text };
  const measured = higherIsBetter
    ? Math.max(...own) / Math.max(...others)
    : Math.min(...others) / Math.min(...own);
  return { claim, text, measured, met: measured >= claim.times };
}

const bestOf = (names: readonly string[]): string =>
  names.length === 1 ? `${names[0]}` : `the best of ${names.join('; ')}`;

function describeClaim({ subject, orElse = [], figure, against, times }: Claim): string {
  const others = bestOf(against);
  return `${bestOf([subject, ...orElse])}${figure === undefined ? '' : ` (${figure})`}: at least ${Number(times.toPrecision(3))} times as good as ${others}`;
}
