/** What the documents say of a row, in a form that each run checks. */

import type { Result } from './harness.ts';

/** A subject is at least so many times as good as the best of others. */
export interface Claim {
  readonly subject: string;
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
  const own = results.find(({ subject }) => subject === claim.subject)?.[claim.figure ?? 'median'];
  const others = results.filter(({ subject }) => claim.against.includes(subject)).map(({ median }) => median);
  if (own === undefined || others.length === 0) return { claim, text };
  const measured = higherIsBetter ? own / Math.max(...others) : Math.min(...others) / own;
  return { claim, text, measured, met: measured >= claim.times };
}

function describeClaim({ subject, figure, against, times }: Claim): string {
  const others = against.length === 1 ? against[0] : `the best of ${against.join(', ')}`;
  return `${subject}${figure === undefined ? '' : ` (${figure})`}: at least ${Number(times.toPrecision(3))} times as good as ${others}`;
}
