/** Keeps a runtime's workers alive: starts as many as are wanted, notices how they end, replaces them. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ControlRegion } from '../../../pools/control-region.ts';
import type { ThreadBoard } from '../../../pools/runtime/thread-board.ts';
import { WorkerDiedError, WorkerOutOfMemoryError, WorkerUnresponsiveError } from '../../../state/errors.ts';
import { MAX_THREADS } from '../../../state/runtime/thread-layout.ts';
import type { StoreRecord } from '../link/messages.ts';
import { OWNER_INDEX } from '../owner-index.ts';
import type { SchedulerStart } from './scheduler-start.ts';
import { WorkerThreads } from './worker-threads.ts';

/** A worker from its start to its end. */
export interface Worker {
  readonly index: number;
  readonly name: string;
  readonly port: MessagePort;
  readonly abort: AbortController;
  /** Its record in the store, once it serves: what tells that its JavaScript has stopped. */
  client: StoreRecord | undefined;
  /** Why it is being ended. */
  death: Error | undefined;
  isRetiring: boolean;
  /** Settled when it serves, or has failed to. */
  readonly started: { readonly promise: Promise<void>; readonly resolve: () => void };
  heartbeat: number;
  beatMs: number;
  idleSinceMs: number;
}

/** What the supervisor tells. */
export interface SupervisorHandlers {
  started(worker: Worker): void;
  /** Its thread runs no JavaScript any more. */
  ended(worker: Worker, death: Error): void;
  isIdle(worker: Worker): boolean;
  /** It is told to go: nothing more may be given to it. */
  retiring(worker: Worker): void;
}

/** Pause after a worker that ended before it served, doubled with each further one. */
const FAILED_START_DELAY_MS = 50;
const FAILED_START_DELAY_MAX_MS = 5_000;
/** How often an ending thread is looked at. */
const ENDING_LOOK_MS = 1;
/** A worker beyond the least number that had nothing to do for so long retires. */
const IDLE_WORKER_MS = 5_000;
const TICK_MAX_MS = 1_000;

export class Supervisor {
  readonly #start: SchedulerStart;
  readonly #control: ControlRegion;
  readonly #board: ThreadBoard;
  readonly #handlers: SupervisorHandlers;
  readonly #threads: WorkerThreads;
  readonly #workers = new Map<number, Worker>();
  readonly #ticker: NodeJS.Timeout;
  #lastName = 0;
  /** Workers in a row that ended before they served. */
  #failedStarts = 0;
  /** How the last of them ended. */
  #failedStart: Error | undefined;
  #isClosing = false;

  constructor(
    start: SchedulerStart,
    control: ControlRegion,
    board: ThreadBoard,
    handlers: SupervisorHandlers,
  ) {
    this.#start = start;
    this.#control = control;
    this.#board = board;
    this.#handlers = handlers;
    this.#threads = new WorkerThreads(start.resourceLimits);
    const { heartbeatMs } = start;
    const tickMs = heartbeatMs === undefined ? TICK_MAX_MS : Math.min(TICK_MAX_MS, heartbeatMs / 2);
    this.#ticker = setInterval(() => this.#tick(), tickMs);
  }

  /** Starts what is missing to the least number. */
  fill(): void {
    while (this.#serving() < this.#start.minWorkers && this.#startWorker());
  }

  /** When the first workers serve; why one of them could not. */
  async firstStarted(): Promise<Error | undefined> {
    await Promise.all([...this.#workers.values()].map(({ started }) => started.promise));
    return this.#failedStart;
  }

  /** One more, if there may be more and none is on its way; `standIns` may come beyond the most. */
  want(standIns: number): void {
    const isStarting = [...this.#workers.values()].some((worker) => worker.client === undefined);
    if (!isStarting && this.#serving() < this.#start.maxWorkers + standIns) this.#startWorker();
  }

  /** A worker says that it serves. */
  ready(index: number, client: StoreRecord): void {
    const worker = this.#workers.get(index);
    if (worker === undefined) return;
    worker.started.resolve();
    worker.client = client;
    worker.beatMs = worker.idleSinceMs = performance.now();
    this.#failedStarts = 0;
  }

  terminate(index: number, death: Error): void {
    const worker = this.#workers.get(index);
    if (worker === undefined || worker.death !== undefined) return;
    worker.death = death;
    // Not while it imports its first modules: see close.
    void worker.started.promise.then(() => worker.abort.abort());
  }

  /** Ends all. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#ticker);
    // Node 20 aborts the process when a thread is ended while it imports its first modules.
    await Promise.all([...this.#workers.values()].map(({ started }) => started.promise));
    await this.#threads.close();
  }

  #serving(): number {
    let serving = 0;
    for (const { isRetiring } of this.#workers.values()) if (!isRetiring) serving++;
    return serving;
  }

  #startWorker(): boolean {
    if (this.#isClosing || this.#workers.size >= MAX_THREADS - 1) return false;
    let index = OWNER_INDEX + 1;
    while (this.#workers.has(index)) index++;
    const { port1: port, port2: mailbox } = new MessageChannel();
    const worker: Worker = {
      index,
      name: `worker ${++this.#lastName}`,
      port,
      abort: new AbortController(),
      client: undefined,
      death: undefined,
      isRetiring: false,
      started: latch(),
      heartbeat: 0,
      beatMs: 0,
      idleSinceMs: 0,
    };
    this.#workers.set(index, worker);
    this.#handlers.started(worker);
    const { board, store, heartbeatMs } = this.#start;
    this.#threads
      .run({ index, name: worker.name, board, store, mailbox, heartbeatMs }, worker.abort.signal)
      .then(
        () => new WorkerDiedError(`${worker.name} has retired`, { worker: worker.name }),
        (error: unknown) => worker.death ?? deathOf(worker.name, error),
      )
      .then((death) => this.#ended(worker, death));
    return true;
  }

  /** Its promise may end before its thread does: nobody may take over from it while it still runs. */
  #ended(worker: Worker, death: Error): void {
    if (worker.client === undefined) this.#failedStart = death;
    worker.started.resolve();
    if (this.#isClosing) return;
    const { client } = worker;
    if (client !== undefined && this.#control.clientState(client.index) === client.state) {
      setTimeout(() => this.#ended(worker, death), ENDING_LOOK_MS);
      return;
    }
    this.#workers.delete(worker.index);
    worker.port.close();
    this.#handlers.ended(worker, death);
    if (client !== undefined) {
      this.fill();
      return;
    }
    const delayMs = Math.min(FAILED_START_DELAY_MAX_MS, FAILED_START_DELAY_MS * 2 ** this.#failedStarts++);
    setTimeout(() => this.fill(), delayMs);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const worker of [...this.#workers.values()]) {
      if (worker.client === undefined || worker.death !== undefined) continue;
      this.#watchHeart(worker, nowMs);
      this.#retireIdle(worker, nowMs);
    }
  }

  #watchHeart(worker: Worker, nowMs: number): void {
    const { heartbeatMs } = this.#start;
    if (heartbeatMs === undefined) return;
    const heartbeat = this.#board.heartbeat(worker.index);
    if (heartbeat !== worker.heartbeat) {
      worker.heartbeat = heartbeat;
      worker.beatMs = nowMs;
    } else if (nowMs - worker.beatMs > heartbeatMs) {
      const message = `${worker.name} did not turn its event loop for ${heartbeatMs} ms`;
      this.terminate(
        worker.index,
        new WorkerUnresponsiveError(message, { worker: worker.name, heartbeatMs }),
      );
    }
  }

  #retireIdle(worker: Worker, nowMs: number): void {
    if (worker.isRetiring) return;
    if (!this.#handlers.isIdle(worker)) worker.idleSinceMs = nowMs;
    const isSpare = this.#serving() > this.#start.minWorkers;
    if (!isSpare || nowMs - worker.idleSinceMs < IDLE_WORKER_MS) return;
    worker.isRetiring = true;
    this.#handlers.retiring(worker);
    worker.port.postMessage({ type: 'retire' });
    this.#board.wake(worker.index);
  }
}

function latch(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** How a worker ended by itself. */
function deathOf(worker: string, error: unknown): Error {
  const cause = error instanceof Error ? error : new Error(String(error));
  if ('code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new WorkerOutOfMemoryError(`${worker} ran out of memory`, { worker }, { cause });
  return new WorkerDiedError(`${worker} died: ${cause.message}`, { worker }, { cause });
}
