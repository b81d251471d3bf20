/** Ray's `CreateRequestQueue`: creations of objects that wait for memory, first come first served. */

import { InvariantError } from '../errors.ts';
import { Status } from '../status.ts';
import { StatusOr } from '../status-or.ts';

/**
 * Tries to create an object, on disk too if `fallbackAllocator` says so. Only OutOfMemory makes the request wait, any other
 * outcome is final.
 */
export type TryCreate<Result> = (fallbackAllocator: boolean) => StatusOr<Result>;

/** How far `processRequests` came. All but OK: call it again later, there are requests left or one was refused. */
export type ProcessStatus = 'OK' | 'ObjectStoreFull' | 'TransientObjectStoreFull' | 'OutOfDisk';

/** What the queue is built with. None of these calls may call the queue. */
export interface CreateRequestQueueOptions {
  /** Whether the disk is too full to take more. */
  readonly diskMonitor: { overCapacity(): boolean };
  /** How long memory may stay short, while nothing is being spilled, before the disk takes the object. */
  readonly oomGracePeriodMs: number;
  /** Starts to spill objects; true while spilling makes progress. */
  readonly spillObjects: () => boolean;
  /** Asks everybody to collect garbage. Called at each attempt that found no memory. */
  readonly triggerGlobalGc?: (() => void) | undefined;
  /** Writes down what holds the memory, when a creation is refused; at most once per `processRequests`. */
  readonly dumpDebugInfo?: (() => void) | undefined;
  readonly nowMs: () => number;
}

interface CreateRequest<Client, Result> {
  readonly client: Client;
  readonly tryCreate: TryCreate<Result>;
  readonly sizeBytes: number;
}

interface FinishedRequest<Client, Result> {
  readonly client: Client;
  readonly outcome: StatusOr<Result>;
}

/** Ray's product default for `oomGracePeriodMs`. */
export const DEFAULT_OOM_GRACE_PERIOD_MS = 2_000;

/**
 * A request is pending until `processRequests` finishes it, then its outcome waits to be read once. A queued creation never
 * ends with OutOfMemory: it succeeds, or ends with OutOfDisk or an error that has nothing to do with memory. It may wait
 * without limit while spilling makes progress; who does not want that cancels it.
 */
export class CreateRequestQueue<Client, Result> {
  readonly #options: CreateRequestQueueOptions;
  /** In the order of their ids, which is that of their coming. */
  readonly #pending = new Map<number, CreateRequest<Client, Result>>();
  readonly #finished = new Map<number, FinishedRequest<Client, Result>>();
  /** 0 is left to callers: "nothing to ask again for". */
  #nextId = 1;
  #pendingBytes = 0;
  /** Since when memory has been short without progress. */
  #oomStartMs: number | undefined;
  #isProcessing = false;

  constructor(options: CreateRequestQueueOptions) {
    this.#options = options;
  }

  /** Number of requests that wait to be processed. */
  get numPendingRequests(): number {
    return this.#pending.size;
  }

  /** Their bytes. */
  get numPendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Number of outcomes that nobody has read yet. */
  get numFinishedRequests(): number {
    return this.#finished.size;
  }

  /** Queues a creation and returns the id to ask for its outcome with. Nothing is tried yet. */
  addRequest(client: Client, tryCreate: TryCreate<Result>, sizeBytes: number): number {
    const id = this.#nextId++;
    this.#pending.set(id, { client, tryCreate, sizeBytes });
    this.#pendingBytes += sizeBytes;
    return id;
  }

  /**
   * The outcome of a request, which is forgotten with that; undefined while it is pending. An id that nobody has, or whose
   * outcome was read, has an outcome too: UnknownError (Ray: UnexpectedError).
   */
  getRequestResult(id: number): StatusOr<Result> | undefined {
    if (this.#pending.has(id)) return undefined;
    const finished = this.#finished.get(id);
    if (finished === undefined) {
      const status = Status.error('UnknownError', `there is no create request ${id}, or its result was read`);
      return StatusOr.error(status);
    }
    this.#finished.delete(id);
    return finished.outcome;
  }

  /**
   * Creates an object now or not at all, past all that wait. The outcome is that of the one attempt: this one may be
   * OutOfMemory.
   */
  tryRequestImmediately(tryCreate: TryCreate<Result>): StatusOr<Result> {
    return tryCreate(true);
  }

  /** Finishes requests from the oldest on, until none is left or one has to wait. */
  processRequests(): ProcessStatus {
    this.#checkIsIdle();
    this.#isProcessing = true;
    try {
      return this.#process();
    } finally {
      this.#isProcessing = false;
    }
  }

  /**
   * Forgets a request whose caller gave up (a timeout, an abort signal); Ray has no such call. False when it is not pending:
   * if it has finished meanwhile, its outcome is still there and owns what was created, so read it and give that back.
   */
  cancelRequest(id: number): boolean {
    this.#checkIsIdle();
    return this.#removePending(id);
  }

  /** Forgets all requests of a client that is gone, and outcomes it has not read: what they own is the client's, freed with it. */
  removeDisconnectedClientRequests(client: Client): void {
    this.#checkIsIdle();
    for (const [id, request] of this.#pending) if (request.client === client) this.#removePending(id);
    for (const [id, request] of this.#finished) if (request.client === client) this.#finished.delete(id);
  }

  #process(): ProcessStatus {
    let isDumped = false;
    for (const [id, request] of this.#pending) {
      const first = request.tryCreate(false);
      if (!first.status.is('OutOfMemory')) {
        this.#oomStartMs = undefined;
        this.#finish(id, request, first);
        continue;
      }
      if (this.#options.diskMonitor.overCapacity()) {
        this.#finish(id, request, outOfDisk(first));
        return 'OutOfDisk';
      }
      const waits = this.#makeRoom();
      if (waits !== undefined) return waits;
      // The timer runs on: a request right behind that finds no memory either need not wait again.
      const last = request.tryCreate(true);
      const isRefused = last.status.is('OutOfMemory');
      if (isRefused && !isDumped) {
        isDumped = true;
        this.#options.dumpDebugInfo?.();
      }
      this.#finish(id, request, isRefused ? outOfDisk(last) : last);
    }
    return 'OK';
  }

  /** Asks for memory; what there is to wait for, or undefined when waiting has been long enough. */
  #makeRoom(): 'ObjectStoreFull' | 'TransientObjectStoreFull' | undefined {
    const { triggerGlobalGc, spillObjects, oomGracePeriodMs, nowMs } = this.#options;
    triggerGlobalGc?.();
    const now = nowMs();
    this.#oomStartMs ??= now;
    if (spillObjects()) {
      this.#oomStartMs = undefined;
      return 'TransientObjectStoreFull';
    }
    return now - this.#oomStartMs < oomGracePeriodMs ? 'ObjectStoreFull' : undefined;
  }

  #finish(id: number, { client }: CreateRequest<Client, Result>, outcome: StatusOr<Result>): void {
    this.#removePending(id);
    this.#finished.set(id, { client, outcome });
  }

  #removePending(id: number): boolean {
    const request = this.#pending.get(id);
    if (request === undefined) return false;
    this.#pending.delete(id);
    this.#pendingBytes -= request.sizeBytes;
    return true;
  }

  /** An attempt under way cannot be taken back: what it creates would be nobody's. */
  #checkIsIdle(): void {
    if (this.#isProcessing) throw new InvariantError('a create request queue was called by its own callback');
  }
}

/** What a queued creation ends with when no memory was found. The sizes in the message stay. */
function outOfDisk<Result>(outcome: StatusOr<Result>): StatusOr<Result> {
  return StatusOr.error(Status.error('OutOfDisk', outcome.status.message));
}
