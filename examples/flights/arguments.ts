/** The example's command line. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

export const HELP = `Analyses three million US flights with several workers on one copy of the data, then does the same
with structured clone, and compares.

  npm start -- [options]

  --rows N        use the first N flights (default: all 3,000,000)
  --workers N     threads in the pool (default: the number of cores, at least 2)
  --memory SIZE   memory of the store, like 256MiB (default 256MiB)
  --output FILE   where the chart goes (default flights.svg)
  --json FILE     also write all numbers there
  --help          this text`;

/** What the command line asks for. */
export interface Arguments {
  readonly rows: number | undefined;
  readonly workers: number;
  readonly memory: string;
  readonly output: string;
  readonly json: string | undefined;
  readonly help: boolean;
}

/** Reads the command line; throws an `Error` with a message for people. */
export function readArguments(given: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...given],
    options: {
      rows: { type: 'string' },
      workers: { type: 'string' },
      memory: { type: 'string' },
      output: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  return {
    rows: values.rows === undefined ? undefined : positive('--rows', values.rows),
    workers:
      values.workers === undefined
        ? Math.max(2, availableParallelism())
        : positive('--workers', values.workers),
    memory: values.memory ?? '256MiB',
    output: writable('--output', values.output ?? 'flights.svg'),
    json: values.json === undefined ? undefined : writable('--json', values.json),
    help: values.help ?? false,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${name} takes a whole number above 0, not ${JSON.stringify(text)}`);
}

/** Said before the work is done, not after it. */
function writable(name: string, file: string): string {
  if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() === true) return file;
  throw new Error(`${name}: there is no folder ${dirname(file)}`);
}
