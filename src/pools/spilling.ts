/**
 * Moves objects from memory to disk while others may get, view or delete them. The bytes of a sealed object do not change,
 * so they are copied first, in the background; then one compare-exchange makes the copy the object's place, if nobody views
 * the old one; and if somebody does, or the object has gone, the copy is thrown away.
 */
import { getSystemErrorName } from 'node:util';
import { STATUS } from '../state/bridge-status.ts';
import { ACTOR } from '../state/control-layout.ts';
import { UNIT_BYTES } from '../state/slot-layout.ts';
import { chooseSpillBatch, type SpillCandidate } from '../state/spill-plan.ts';
import { type BridgeActor, bridge } from './bridge.ts';
import type { ControlRegion } from './control-region.ts';
import { isKeptByStore } from './eviction.ts';
import type { MemoryPool } from './memory-pool.ts';
import type { ObjectTable } from './object-table.ts';

/** What was moved so far. */
export interface SpillCounts {
  readonly objects: number;
  readonly bytes: number;
}

/** Outcome of the moves that have just ended. */
export interface SpillOutcome {
  /** Memory that came free. */
  readonly freedBytes: number;
  /** What was moved. */
  readonly objects: number;
  readonly bytes: number;
  /** How many could not be written, and why not the first of them, as the system says it. */
  readonly failed: number;
  readonly systemCode: string | undefined;
}

interface Move {
  readonly generation: number;
  /** Of the fallback pool. */
  readonly block: number;
}

/** Candidates looked at for one batch, from where the last look ended: with more objects than this the order is a rough one. */
const SCAN_CANDIDATES_MAX = 16_384;

export class Spilling {
  readonly #control: ControlRegion;
  readonly #actor: BridgeActor;
  readonly #fallback: MemoryPool | undefined;
  readonly #table: ObjectTable;
  /** Moves under way, by slot. */
  readonly #moves = new Map<number, Move>();
  #hand = 0;
  #objects = 0;
  #bytes = 0;

  constructor(
    control: ControlRegion,
    actor: BridgeActor,
    fallback: MemoryPool | undefined,
    table: ObjectTable,
  ) {
    this.#control = control;
    this.#actor = actor;
    this.#fallback = fallback;
    this.#table = table;
  }

  /** Whether moves are under way. */
  get isBusy(): boolean {
    return this.#moves.size > 0;
  }

  /** Whether moves have ended that `finish` does not know of yet. */
  get hasOutcome(): boolean {
    return this.#moves.size > 0 && this.#actor.hasSpilled();
  }

  get counts(): SpillCounts {
    return { objects: this.#objects, bytes: this.#bytes };
  }

  /** Units of the fallback pool that copies under way take. */
  get unitsUnderWay(): number {
    let units = 0;
    for (const { block } of this.#moves.values()) units += this.#fallback?.allocator.unitsOf(block) ?? 0;
    return units;
  }

  /** Begins to move objects of about `targetBytes`; how many bytes. */
  start(targetBytes: number): number {
    let bytes = 0;
    for (const candidate of chooseSpillBatch(this.#candidates(), targetBytes)) {
      const begun = this.#begin(candidate);
      if (begun === 'no room') break;
      if (begun === 'begun') bytes += candidate.blockBytes;
    }
    return bytes;
  }

  /** Ends the moves whose bytes are on disk. Undefined when none is. */
  finish(): SpillOutcome | undefined {
    if (this.#moves.size === 0) return undefined;
    const done = this.#actor.takeSpilled();
    if (done.length === 0) return undefined;
    const before = this.counts;
    let freedBytes = 0;
    let failed = 0;
    let systemCode: string | undefined;
    for (let index = 0; index < done.length; index += 2) {
      const slot = done[index] ?? 0;
      const error = done[index + 1] ?? 0;
      if (error !== 0) {
        failed++;
        systemCode ??= getSystemErrorName(-error);
      }
      freedBytes += this.#end(slot, error === 0);
    }
    const objects = this.#objects - before.objects;
    return { freedBytes, objects, bytes: this.#bytes - before.bytes, failed, systemCode };
  }

  #candidates(): SpillCandidate[] {
    const nowMs = bridge.coarseNowMs();
    const candidates: SpillCandidate[] = [];
    const slots = this.#control.actorWord(ACTOR.OBJECT_HIGH_WATER);
    for (let look = 0; look < slots && candidates.length < SCAN_CANDIDATES_MAX; look++) {
      const slot = this.#hand < slots ? this.#hand : 0;
      this.#hand = slot + 1;
      const { state, location, generation } = this.#control.header(slot);
      if (state !== 'sealed' || location !== 'primary' || this.#moves.has(slot)) continue;
      // Not worth the disk: it is evicted.
      if (isKeptByStore(this.#control, slot)) continue;
      const blockBytes = this.#control.blockBytes(slot);
      candidates.push({ slot, generation, blockBytes, idleMs: this.#control.idleMs(slot, nowMs) });
    }
    return candidates;
  }

  #begin({ slot, generation, blockBytes }: SpillCandidate): 'begun' | 'gone' | 'no room' {
    if (this.#fallback === undefined) return 'no room';
    const block = this.#fallback.allocate(blockBytes / UNIT_BYTES);
    if (typeof block !== 'number') return 'no room';
    const { allocator } = this.#fallback;
    // Clients free and create meanwhile: by now the slot may be another object's, and that one larger.
    const answer = this.#actor.startSpill(
      slot,
      generation,
      allocator.offsetOf(block) * UNIT_BYTES,
      allocator.unitsOf(block) * UNIT_BYTES,
    );
    if (answer !== 0) {
      this.#fallback.free(block);
      return answer === STATUS.NOT_FOUND ? 'gone' : 'no room';
    }
    this.#moves.set(slot, { generation, block });
    return 'begun';
  }

  /** Bytes of memory that came free. */
  #end(slot: number, isWritten: boolean): number {
    const move = this.#moves.get(slot);
    this.#moves.delete(slot);
    if (move === undefined || this.#fallback === undefined) return 0;
    const freedBytes = this.#control.blockBytes(slot);
    if (!isWritten || !this.#table.moveToFallback(slot, move.generation, move.block)) {
      this.#fallback.free(move.block);
      return 0;
    }
    this.#objects++;
    this.#bytes += this.#control.sizeBytes(slot);
    return freedBytes;
  }
}
