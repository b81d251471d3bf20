/** The worker threads of a runtime. piscina makes them: each worker is one task of its pool, which lasts as long as the worker. */
import { Piscina } from 'piscina';
import { MAX_THREADS } from '../../../state/runtime/thread-layout.ts';
import type { WorkerStart } from '../link/messages.ts';

/** Limits of a worker's heap and stack, as of `worker_threads`. */
export interface WorkerLimits {
  readonly maxOldGenerationSizeMb?: number | undefined;
  readonly maxYoungGenerationSizeMb?: number | undefined;
  readonly codeRangeSizeMb?: number | undefined;
  readonly stackSizeMb?: number | undefined;
}

/** A thread that retired leaves its pool after so long, unless it is used again. */
const IDLE_THREAD_MS = 500;

export class WorkerThreads {
  readonly #pool: Piscina;

  constructor(limits: WorkerLimits | undefined) {
    this.#pool = new Piscina({
      filename: new URL('../worker/serve.js', import.meta.url).href,
      // None of its own: a thread that it starts beside those asked for could be ended while it imports its first modules, and
      // Node 20 aborts the process for that.
      minThreads: 0,
      // How many there are is the supervisor's to say.
      maxThreads: MAX_THREADS,
      idleTimeout: IDLE_THREAD_MS,
      // In its other modes an idle worker's event loop stands still, and with it whatever its tasks wait for.
      atomics: 'disabled',
      recordTiming: false,
      // Flags of the starting thread (an input type, a debugger's port) are not meant for workers.
      execArgv: [],
      ...(limits === undefined ? {} : { resourceLimits: limits }),
    });
    // A thread without a task may fail as well: there is nobody to tell, and the pool replaces it.
    this.#pool.on('error', () => {});
  }

  /**
   * Runs a worker. The promise ends when the worker has retired, and rejects when its thread has died or was ended by
   * `signal`.
   */
  async run(start: WorkerStart, signal: AbortSignal): Promise<void> {
    await this.#pool.run(start, { transferList: [start.mailbox], signal });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
