/**
 * The allocator actor's hands on the object table: attaching blocks to slots, taking them back, checking it all. One per
 * store, on the actor's thread.
 */
import { ACTOR, MAX_CLIENTS } from '../state/control-layout.ts';
import { InvariantError } from '../state/errors.ts';
import { SLOT, UNIT_BYTES } from '../state/slot-layout.ts';
import type { BridgeActor } from './bridge.ts';
import type { ControlRegion } from './control-region.ts';
import type { MemoryPool, PlaceUnits } from './memory-pool.ts';

/** A slot with a block, on its way to a client. */
export interface LeasedSlot {
  readonly slot: number;
  readonly generation: number;
}

/** Slots taken from the stack of those on disk in one bridge call. */
const BATCH_SLOTS = 1024;

export class ObjectTable {
  readonly #control: ControlRegion;
  readonly #bridge: BridgeActor;
  readonly #primary: MemoryPool;
  readonly #fallback: MemoryPool | undefined;
  readonly #batch = new Uint32Array(BATCH_SLOTS);
  /** Of what was leased last: slot, generation. */
  readonly #leased = new Uint32Array(2);

  constructor(
    control: ControlRegion,
    actor: BridgeActor,
    primary: MemoryPool,
    fallback: MemoryPool | undefined,
  ) {
    this.#control = control;
    this.#bridge = actor;
    this.#primary = primary;
    this.#fallback = fallback;
  }

  /** Whether another slot can be had; a client may take it first. */
  get hasFreeSlot(): boolean {
    return this.#control.hasFreeSlot;
  }

  /**
   * Attaches a block to a free slot and leases it to a client, as the answer to a create. Undefined, and the block is free
   * again, when there is no slot.
   */
  lease(pool: MemoryPool, block: number, client: number): LeasedSlot | undefined {
    const { allocator } = pool;
    const [offsetUnits, units] = [allocator.offsetOf(block), allocator.unitsOf(block)];
    const isFallback = pool.kind === 'fallback';
    if (!this.#bridge.lease(block, offsetUnits, units, isFallback, client, this.#leased)) {
      pool.free(block);
      return undefined;
    }
    const [slot = 0, generation = 0] = this.#leased;
    return { slot, generation };
  }

  /**
   * Makes a copy in the fallback pool the object's only place, and frees the old one. False when the object has gone or is
   * being viewed.
   */
  moveToFallback(slot: number, generation: number, block: number): boolean {
    const { allocator } = this.#fallback ?? this.#primary;
    if (!this.#bridge.commitSpill(slot, generation, allocator.offsetOf(block))) return false;
    this.#primary.free(this.#control.slotWord(slot, SLOT.BLOCK));
    this.#control.setSlotWord(slot, SLOT.BLOCK, block);
    this.#control.setSlotWord(slot, SLOT.CAPACITY_UNITS, allocator.unitsOf(block));
    return true;
  }

  /** Takes everything back that was freed since the last call; how many slots gave back a block, or themselves. */
  reclaimFreed(): number {
    let returned = this.#bridge.reclaimFreed();
    for (;;) {
      const count = this.#bridge.takeFreedOnDisk(this.#batch);
      if (count === 0) return returned;
      returned += count;
      for (const slot of this.#batch.subarray(0, count)) {
        this.#fallback?.free(this.#control.slotWord(slot, SLOT.BLOCK));
        this.#bridge.finishReclaim(slot);
      }
    }
  }

  /** Takes back every block that stands in a stock, without asking its client; the number of blocks. */
  recallLeases(): number {
    const answer = this.#bridge.recallLeases(0);
    return answer < 0 ? -1 - answer : answer;
  }

  /**
   * The same for somebody who needs so much: only those that are large enough, which serve as they are, if there are any.
   * So the stocks of others stay of use to them.
   */
  recallLeasesFor(units: number): number {
    const answer = this.#bridge.recallLeases(units);
    // None is large enough, but there are smaller ones.
    if (answer === -1) return this.recallLeases();
    return answer < 0 ? -1 - answer : answer;
  }

  /**
   * The end of the store: deletes every object, and gives back to the system all memory but the bytes that windows still
   * show. Each step is a compare-exchange, so that a window made at the last moment either keeps its object or fails.
   */
  abandon(): void {
    for (let slot = 0; slot < this.#control.objectHighWater; slot++) {
      const { state, generation } = this.#control.header(slot);
      if (state === 'sealed' || state === 'referenced') this.#bridge.deleteObject(slot, generation);
    }
    this.recallLeases();
    this.reclaimFreed();
    for (const pool of [this.#primary, this.#fallback]) {
      pool?.punchAllBut(this.#placesIn(pool));
    }
  }

  /**
   * Checks the whole table against the allocators' books and the clients' ledgers. Only at a quiet point: no client is
   * in the middle of a call, no window is being collected. `spillingUnits` of the fallback pool belong to copies under way.
   * Throws `InvariantError`.
   */
  verify(spillingUnits: number): void {
    const control = this.#control;
    const free = this.#freeSlots();
    const units = { primary: 0, fallback: spillingUnits };
    const clients = control.actorWord(ACTOR.CLIENT_HIGH_WATER);
    for (let slot = 0; slot < this.#control.objectHighWater; slot++) {
      const header = control.header(slot);
      const capacity = control.slotWord(slot, SLOT.CAPACITY_UNITS);
      const holds = control.slotWord(slot, SLOT.HOLDS);
      const values = { slot, state: header.state, pins: header.pins, holds, capacity };
      const fail = (what: string): never => {
        throw new InvariantError(`slot ${slot} (${header.state}): ${what}`, values);
      };
      const mustBePinned = ['writing', 'referenced', 'deleting'].includes(header.state);
      if (mustBePinned !== header.pins > 0) fail(`${header.pins} pins do not fit the state`);
      if (free.has(slot) !== (header.state === 'free')) fail('state and free list disagree');
      // One that is released was a tombstone before, or was not: its block may have gone already.
      if (header.state !== 'released' && (capacity === 0) !== ['free', 'tombstone'].includes(header.state)) {
        fail(`a block of ${capacity} units does not fit the state`);
      }
      if (header.state !== 'free' && control.owner(slot) === undefined) fail('no owner');
      if (
        capacity > 0 &&
        capacity * UNIT_BYTES < control.sizeBytes(slot) &&
        // What was not created yet has the size of the slot's last object; one released may have been handed back as it was.
        !['leased', 'released'].includes(header.state)
      ) {
        fail(`${control.sizeBytes(slot)} bytes in ${capacity} units`);
      }
      let ledgers = 0;
      for (let client = 0; client < clients; client++) ledgers += control.holds(client, slot) ? 1 : 0;
      const ownHold = header.evictable ? 1 : 0;
      if (ledgers + ownHold !== holds) fail(`${ledgers} ledgers hold it, and the store ${ownHold} times`);
      if (capacity > 0) {
        const pool = this.#poolOf(slot);
        const block = control.slotWord(slot, SLOT.BLOCK);
        if (pool.allocator.unitsOf(block) !== capacity) fail('allocator knows another size');
        if (pool.allocator.offsetOf(block) !== control.slotWord(slot, offsetCell(pool))) {
          fail('allocator knows another offset');
        }
        units[pool.kind] += capacity;
      }
    }
    for (const pool of [this.#primary, this.#fallback]) {
      pool?.allocator.verify();
      if (pool !== undefined && pool.allocator.allocatedUnits !== units[pool.kind]) {
        throw new InvariantError(`the ${pool.kind} pool's allocator and the object table disagree`, {
          allocatorUnits: pool.allocator.allocatedUnits,
          tableUnits: units[pool.kind],
        });
      }
    }
    if (clients > MAX_CLIENTS) throw new InvariantError('more clients than records', { clients });
  }

  /** Where the pool's blocks lie, by the slots: clients may free some meanwhile, and the books have forgotten them then. */
  #placesIn(pool: MemoryPool): PlaceUnits[] {
    const places: PlaceUnits[] = [];
    for (let slot = 0; slot < this.#control.objectHighWater; slot++) {
      const units = this.#control.slotWord(slot, SLOT.CAPACITY_UNITS);
      if (units === 0 || this.#poolOf(slot) !== pool) continue;
      places.push({ offsetUnits: this.#control.slotWord(slot, offsetCell(pool)), units });
    }
    return places;
  }

  #poolOf(slot: number): MemoryPool {
    if (this.#control.header(slot).location === 'primary') return this.#primary;
    if (this.#fallback !== undefined) return this.#fallback;
    throw new InvariantError(`slot ${slot} lies in a fallback pool that this store has not`, { slot });
  }

  /** By their list. */
  #freeSlots(): Set<number> {
    const free = new Set<number>();
    for (let next = this.#control.actorWord(ACTOR.FREE_SLOTS); next !== 0; ) {
      const slot = next - 1;
      if (free.has(slot)) throw new InvariantError('a slot is on the free list twice', { slot });
      free.add(slot);
      next = this.#control.slotWord(slot, SLOT.NEXT_FREED);
    }
    return free;
  }
}

/** Where a slot says where its block lies. */
function offsetCell(pool: MemoryPool): number {
  return pool.kind === 'fallback' ? SLOT.FALLBACK_OFFSET_UNITS : SLOT.OFFSET_UNITS;
}
