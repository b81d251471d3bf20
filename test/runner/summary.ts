/** What uvu says at the end of a file. */
import { stripVTControlCharacters } from 'node:util';

export interface Summary {
  /** Tests that uvu meant to run; skipped ones are not among them. */
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
}

const SUMMARY = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm;

/** The last summary in the output: a test may print one of its own before. */
export function parseSummary(output: string): Summary | undefined {
  const last = [...stripVTControlCharacters(output).matchAll(SUMMARY)].at(-1);
  if (last === undefined) return undefined;
  const [total = 0, passed = 0, skipped = 0] = last.slice(1).map(Number);
  return { total, passed, skipped };
}

/**
 * What is wrong with a summary. The exit code cannot be relied on: when a `before` hook throws, uvu runs no test of the
 * suite and reports success, and it does so with no tests at all.
 */
export function doubts(summary: Summary | undefined): string[] {
  if (summary === undefined) return ['it ended without a summary of its tests'];
  const { total, passed, skipped } = summary;
  if (total + skipped === 0) return ['it has no tests'];
  if (passed !== total) return [`${total - passed} of ${total} tests did not pass (or a hook threw)`];
  return [];
}
