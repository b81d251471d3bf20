/**
 * Moves objects to disk before anybody has to wait for it: when memory has been nearly full for a while, and collections in
 * all threads have found that it is not garbage.
 */
import type { MemoryPool } from '../../pools/memory-pool.ts';
import type { ObjectTable } from '../../pools/object-table.ts';
import type { Spilling } from '../../pools/spilling.ts';
import { backgroundSpillTarget } from '../../state/spill-plan.ts';
import type { CollectionRound } from './create-queue.ts';

/** What it needs of the actor. */
export interface BackgroundSpillHost {
  readonly table: ObjectTable;
  readonly primary: MemoryPool;
  requestCollections(full: boolean): CollectionRound;
  /** Gives up objects of so many bytes that nobody holds; how many bytes come back. */
  evict(targetBytes: number): number;
  nowMs(): number;
}

/** Ray looks once a second; a peak that is over by then costs nothing. */
const PATIENCE_MS = 1_000;
/** After nothing could be moved, because all of it is viewed or the disk is full; twice as long each time in a row. */
const FUTILE_PAUSE_MIN_MS = 10_000;
const FUTILE_PAUSE_MAX_MS = 300_000;
/** How long the reports of a round of collections are waited for, and how often they are looked for. */
const ROUND_LIMIT_MS = 1_000;
const LOOK_MS = 20;

type Phase = 'rest' | 'patience' | 'minor' | 'full' | 'moving';

export class BackgroundSpill {
  readonly #host: BackgroundSpillHost;
  readonly #spilling: Spilling;
  #phase: Phase = 'rest';
  /** When the phase is over at the latest. */
  #untilMs = 0;
  #round: CollectionRound | undefined;
  #movedBefore = 0;
  #demandUntilMs = Number.NEGATIVE_INFINITY;
  #futilePauseMs = FUTILE_PAUSE_MIN_MS;

  constructor(host: BackgroundSpillHost, spilling: Spilling) {
    this.#host = host;
    this.#spilling = spilling;
  }

  /**
   * A create has had to wait for the disk: while such creates come, moves go on without patience, so that disk and creator
   * work at the same time.
   */
  expectMore(): void {
    this.#demandUntilMs = this.#host.nowMs() + PATIENCE_MS;
  }

  /** Does what is due; after how many milliseconds to come again, or undefined when there is nothing to be done. */
  tend(): number | undefined {
    const nowMs = this.#host.nowMs();
    const targetBytes = this.#targetBytes();
    if (nowMs < this.#demandUntilMs && targetBytes > 0 && !this.#spilling.isBusy) {
      // Garbage was looked for by the create that began this.
      if (this.#host.evict(targetBytes) + this.#spilling.start(targetBytes) === 0)
        this.#demandUntilMs = nowMs;
    }
    if (targetBytes === 0) {
      // A rest after a futile attempt is kept.
      if (this.#phase !== 'rest') this.#enter('rest', nowMs);
      return undefined;
    }
    if (this.#phase === 'moving' && this.#spilling.isBusy) return undefined;
    const isCollecting = this.#phase === 'minor' || this.#phase === 'full';
    if (nowMs < this.#untilMs && !(isCollecting && this.#round?.isOver() === true)) {
      return isCollecting ? LOOK_MS : this.#untilMs - nowMs;
    }
    return this.#advance(nowMs);
  }

  #advance(nowMs: number): number | undefined {
    switch (this.#phase) {
      case 'rest':
        return this.#enter('patience', nowMs + PATIENCE_MS);
      case 'patience':
        this.#round = this.#host.requestCollections(false);
        this.#enter('minor', nowMs + ROUND_LIMIT_MS);
        return LOOK_MS;
      case 'minor':
        if (this.#isEnough()) return this.#enter('rest', nowMs);
        this.#round = this.#host.requestCollections(true);
        this.#enter('full', nowMs + ROUND_LIMIT_MS);
        return LOOK_MS;
      case 'full':
        this.#host.evict(this.#targetBytes());
        if (this.#isEnough()) return this.#enter('rest', nowMs);
        this.#movedBefore = this.#spilling.counts.objects;
        this.#spilling.start(this.#targetBytes());
        this.#enter('moving', nowMs);
        return this.#spilling.isBusy ? undefined : 0;
      case 'moving': {
        if (this.#spilling.counts.objects > this.#movedBefore) {
          this.#futilePauseMs = FUTILE_PAUSE_MIN_MS;
          return this.#enter('rest', nowMs);
        }
        const pauseMs = this.#futilePauseMs;
        this.#futilePauseMs = Math.min(pauseMs * 2, FUTILE_PAUSE_MAX_MS);
        return this.#enter('rest', nowMs + pauseMs);
      }
    }
  }

  #enter(phase: Phase, untilMs: number): number {
    this.#phase = phase;
    this.#untilMs = untilMs;
    return Math.max(0, untilMs - this.#host.nowMs());
  }

  /** Whether what came back by itself is enough, with the blocks that only stand ready. */
  #isEnough(): boolean {
    this.#host.table.reclaimFreed();
    this.#host.table.recallLeases();
    return this.#targetBytes() === 0;
  }

  #targetBytes(): number {
    const { allocatedBytes, capacityBytes } = this.#host.primary;
    return backgroundSpillTarget(allocatedBytes, capacityBytes);
  }
}
