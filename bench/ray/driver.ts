/** Ray, run by a Python process that does the work of a row when it is asked to. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { type Scale, type Subject, Unavailable } from '../harness.ts';
import { type Answer, parseAnswer } from './answer.ts';
import { DRIVER, RAY_VERSION, rayPython } from './environment.ts';
import { roundSeconds, warmUpSeconds } from './paced.ts';
import { publishedSubject } from './published.ts';

export const RAY_HERE = `Ray ${RAY_VERSION}, here`;
/** Longer than any end of Ray that goes well. */
const END_MS = 30_000;

/** What a row asks of both sides. */
export interface RowRequest {
  /** Ray's name of the row. */
  readonly open: string;
  readonly processors: number;
  /** Calls of each caller, in the rows whose batches take Ray seconds. */
  readonly calls: number;
  /** Arrays that each of several clients puts. */
  readonly puts: number;
}

/** The process; its answers come in the order of the requests. */
class RayDriver {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  constructor(python: string) {
    // In a group of its own: an interrupt from the terminal ends this process, and the driver sees its input end and
    // shuts Ray down.
    this.#child = spawn(python, [DRIVER], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    this.#ended = once(this.#child, 'exit');
    // What a driver that has died does not read is no news: its missing answer is.
    this.#child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(request: object): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    return done ? { error: 'its process has ended' } : parseAnswer(value);
  }

  /** Ray is shut down and its files are removed by the driver itself. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await this.#ended;
    clearTimeout(patience);
  }
}

/** The one of this process: to start Ray and to end it takes seconds, so all rows of a process have the same. */
let started: RayDriver | undefined;

/** Ends the Ray of this process, if there is one. */
export async function endRay(): Promise<void> {
  const driver = started;
  started = undefined;
  await driver?.end();
}

/** Ray doing a row's work on this machine; where it cannot, its published figure stands in. */
export function raySubject(rayName: string, requestOf: (scale: Scale) => RowRequest): Subject {
  return {
    name: RAY_HERE,
    setUp: async (scale) => {
      const python = rayPython();
      const unavailable = (reason: string) => new Unavailable(reason, publishedSubject(rayName));
      if (scale.ray === 'published') return unavailable('published figures were asked for');
      if (python === undefined) return unavailable('not installed: --ray install');
      started ??= new RayDriver(python);
      const driver = started;
      const opened = await driver.ask(requestOf(scale));
      const warmUp = warmUpSeconds(scale);
      const isWarmed = opened.error === undefined && warmUp > 0;
      const { error } = isWarmed ? await driver.ask({ round: warmUp }) : opened;
      if (error !== undefined) {
        await endRay();
        return unavailable(error);
      }
      return {
        round: async () => {
          const { rate, error } = await driver.ask({ round: roundSeconds(scale) });
          if (rate === undefined) throw new Error(`Ray cannot run "${rayName}" any more: ${error}`);
          return rate;
        },
      };
    },
  };
}
