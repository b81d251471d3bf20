/** What the runner was asked to do. */
import { parseArgs } from 'node:util';

export interface RunnerOptions {
  /** Also the files that take minutes, `*.long.js`; the tests see `PLASMOID_TEST_LONG=1`. */
  readonly long: boolean;
  /** Files run at the same time. */
  readonly jobs: number;
  /** For the random tests, to repeat a run; they see `PLASMOID_SEED`. */
  readonly seed: string | undefined;
  /** All deadlines are multiplied by this. */
  readonly deadlineFactor: number;
  /** Where compiled tests are looked for. */
  readonly directory: string;
  /** Only files with one of these in their path; all files when empty. */
  readonly filters: readonly string[];
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`--${name} must be a number above 0, and is ${text}`);
  return value;
}

/** Throws a `TypeError` that names the mistake. */
export function parseOptions(argumentsGiven: readonly string[], directory: string): RunnerOptions {
  const { values, positionals } = parseArgs({
    args: [...argumentsGiven],
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      jobs: { type: 'string', default: '1' },
      seed: { type: 'string' },
      'deadline-factor': { type: 'string', default: '1' },
      directory: { type: 'string', default: directory },
    },
  });
  return {
    long: values.long,
    jobs: Math.ceil(positive('jobs', values.jobs)),
    seed: values.seed,
    deadlineFactor: positive('deadline-factor', values['deadline-factor']),
    directory: values.directory,
    filters: positionals,
  };
}
