/** What the example programs have in common: their command line, and how they end. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface ExampleOptions {
  /** Little work, for a quick look. */
  readonly small: boolean;
  readonly workers: number;
  /** Where the picture goes. */
  readonly output: string;
}

/** Runs an example: reads the command line, tells people about a mistake without a stack, and says how long it took. */
export async function runExample(
  about: string,
  main: (options: ExampleOptions) => Promise<void>,
  picture = '',
): Promise<void> {
  try {
    const { values } = parseArgs({
      options: {
        small: { type: 'boolean', default: false },
        workers: { type: 'string', default: String(Math.max(2, availableParallelism())) },
        output: { type: 'string', default: picture },
        help: { type: 'boolean', default: false },
      },
    });
    const workers = Number(values.workers);
    if (!Number.isSafeInteger(workers) || workers < 1)
      throw new Error('--workers takes a whole number above 0');
    if (values.help) return print(`${about}\n\n  --small  --workers N  --output FILE  --help`);
    print(about);
    const startedMs = performance.now();
    await main({ small: values.small, workers, output: values.output });
    print(`Done after ${seconds(performance.now() - startedMs)}.`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Milliseconds, for people. */
export function seconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** What a piece of work gave, and how long it took. */
export async function timed<T>(
  work: () => T | Promise<T>,
): Promise<{ readonly value: T; readonly ms: number }> {
  const startedMs = performance.now();
  const value = await work();
  return { value, ms: performance.now() - startedMs };
}
