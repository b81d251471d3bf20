/** Objects that only the store holds: they go when their memory is needed, the least recently used first. */
import { ACTOR } from '../state/control-layout.ts';
import type { ObjectLocation } from '../state/header-word.ts';
import { SLOT } from '../state/slot-layout.ts';
import { chooseSpillBatch, type SpillCandidate } from '../state/spill-plan.ts';
import { type BridgeActor, bridge } from './bridge.ts';
import type { ControlRegion } from './control-region.ts';

/** What was evicted so far. */
export interface EvictionCounts {
  readonly evictedObjects: number;
  readonly evictedBytes: number;
}

/** What was given up. */
export interface Evicted {
  readonly objects: number;
  /** Of the objects, as asked for. */
  readonly bytes: number;
  /** Of their blocks, which will come by the freed stack. */
  readonly freedBytes: number;
}

export class Eviction {
  readonly #control: ControlRegion;
  readonly #actor: BridgeActor;
  #objects = 0;
  #bytes = 0;

  constructor(control: ControlRegion, actor: BridgeActor) {
    this.#control = control;
    this.#actor = actor;
  }

  get counts(): EvictionCounts {
    return { evictedObjects: this.#objects, evictedBytes: this.#bytes };
  }

  /** Gives up objects of about `targetBytes` in memory, or on disk. */
  evict(targetBytes: number, location: ObjectLocation): Evicted {
    const evicted = { objects: 0, bytes: 0, freedBytes: 0 };
    for (const { slot, generation, blockBytes } of chooseSpillBatch(
      this.#candidates(location),
      targetBytes,
    )) {
      const sizeBytes = this.#control.sizeBytes(slot);
      // Somebody may have come for it since.
      if (!this.#actor.evict(slot, generation)) continue;
      evicted.objects++;
      evicted.bytes += sizeBytes;
      evicted.freedBytes += blockBytes;
    }
    this.#objects += evicted.objects;
    this.#bytes += evicted.bytes;
    return evicted;
  }

  #candidates(wanted: ObjectLocation): SpillCandidate[] {
    const control = this.#control;
    const nowMs = bridge.coarseNowMs();
    const candidates: SpillCandidate[] = [];
    const slots = control.actorWord(ACTOR.OBJECT_HIGH_WATER);
    for (let slot = 0; slot < slots; slot++) {
      const { state, location, generation } = control.header(slot);
      if (state !== 'sealed' || location !== wanted || !isKeptByStore(control, slot)) continue;
      const blockBytes = control.blockBytes(slot);
      candidates.push({ slot, generation, blockBytes, idleMs: control.idleMs(slot, nowMs) });
    }
    return candidates;
  }
}

/** Whether nobody but the store holds the object. */
export function isKeptByStore(control: ControlRegion, slot: number): boolean {
  return control.header(slot).evictable && control.slotWord(slot, SLOT.HOLDS) === 1;
}
