/** Which files are tests, and how long each may take. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnerOptions } from './options.ts';

const DEADLINE_SECONDS = 120;

export interface TestFile {
  readonly path: string;
  /** The path below the test directory. */
  readonly name: string;
  readonly deadlineMs: number;
}

/**
 * A file that needs longer says so in a line of its own, `// deadline: 300 s`; the compiler keeps comments. One that is told
 * how long to run says by which variable, and what holds without it: `// deadline: 600 s + PLASMOID_CHURN_MINUTES min (60)`.
 */
const STATED = /^\/\/ deadline: (\d+) s(?: \+ (PLASMOID_[A-Z_]+) min \((\d+)\))?$/m;

function deadlineSeconds(source: string): number {
  const [, seconds, variable, minutes] = STATED.exec(source) ?? [];
  if (seconds === undefined) return DEADLINE_SECONDS;
  return Number(seconds) + 60 * (variable === undefined ? 0 : Number(process.env[variable] ?? minutes));
}

/** In a fixed order. */
export function discover({ directory, long, filters, deadlineFactor }: RunnerOptions): TestFile[] {
  const pattern = long ? /\.(?:test|long)\.js$/ : /\.test\.js$/;
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      return { path, name, deadlineMs: deadlineSeconds(readFileSync(path, 'utf8')) * 1000 * deadlineFactor };
    });
}
