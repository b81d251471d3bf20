/**
 * The allocator actor's hands on the object table: which slots are free, attaching blocks to them, taking them back.
 * One per store, on the actor's thread.
 */
import { ACTOR, MAX_CLIENTS } from '../state/control-layout.ts';
import { InvariantError } from '../state/errors.ts';
import { SLOT, UNIT_BYTES } from '../state/slot-layout.ts';
import type { BridgeActor } from './bridge.ts';
import type { ControlRegion } from './control-region.ts';
import type { MemoryPool } from './memory-pool.ts';

/** A slot with a block, on its way to a client. */
export interface LeasedSlot {
  readonly slot: number;
  readonly generation: number;
}

/** Slots taken from the freed stack, or recalled, in one bridge call. */
const BATCH_SLOTS = 1024;

export class ObjectTable {
  readonly #control: ControlRegion;
  readonly #bridge: BridgeActor;
  readonly #primary: MemoryPool;
  readonly #fallback: MemoryPool | undefined;
  /** Free slots, last in first out, so that warm records are used again. */
  #freeSlots = new Int32Array(1024);
  #freeCount = 0;
  #highWater = 0;
  readonly #batch = new Uint32Array(BATCH_SLOTS);

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

  /** Whether another slot can be had. */
  get hasFreeSlot(): boolean {
    return this.#freeCount > 0 || this.#highWater < this.#control.layout.maxObjects;
  }

  /**
   * Attaches a block to a free slot and leases it to a client: as the answer to a create, which is the client's to keep,
   * or for its stock, which can be recalled. The caller has asked {@link hasFreeSlot}.
   */
  lease(pool: MemoryPool, block: number, client: number, purpose: 'answer' | 'stock'): LeasedSlot {
    const slot = this.#takeSlot();
    const { allocator } = pool;
    const generation = this.#bridge.lease(
      slot,
      allocator.offsetOf(block),
      allocator.unitsOf(block),
      block,
      pool.kind === 'fallback',
      client,
      purpose === 'answer',
    );
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

  /** Takes everything back that was freed since the last call; the number of blocks. */
  reclaimFreed(): number {
    let blocks = 0;
    for (;;) {
      const count = this.#bridge.takeFreed(this.#batch);
      if (count === 0) return blocks;
      for (let index = 0; index < count; index++) {
        const slot = this.#batch[index] ?? 0;
        // A tombstone comes a second time, without a block.
        if (this.#freeBlock(slot)) blocks++;
        if (this.#bridge.finishReclaim(slot)) this.#giveSlot(slot);
      }
    }
  }

  /** Takes back every block that stands in a stock, without asking its client; the number of blocks. */
  recallLeases(): number {
    return this.#recall(0).blocks;
  }

  /**
   * The same for somebody who needs so much: only those that are large enough, which serve as they are, if there are any.
   * So the stocks of others stay of use to them.
   */
  recallLeasesFor(units: number): number {
    const { blocks, hasSmaller } = this.#recall(units);
    return blocks === 0 && hasSmaller ? this.recallLeases() : blocks;
  }

  #recall(leastUnits: number): { readonly blocks: number; readonly hasSmaller: boolean } {
    let blocks = 0;
    let hasSmaller = false;
    for (let next = 0, count = BATCH_SLOTS; count === BATCH_SLOTS; ) {
      const answer = this.#bridge.recallLeases(next, leastUnits, this.#batch);
      hasSmaller ||= answer < 0;
      count = answer < 0 ? -1 - answer : answer;
      for (let index = 0; index < count; index++) {
        const slot = this.#batch[index] ?? 0;
        if (this.#freeBlock(slot)) blocks++;
        this.#giveSlot(slot);
        next = slot + 1;
      }
    }
    // SYNC recall: behind the headers, so that who sees this number finds them all changed.
    if (blocks > 0) this.#control.setActorWord(ACTOR.RECALLS, this.#control.actorWord(ACTOR.RECALLS) + 1);
    return { blocks, hasSmaller };
  }

  /**
   * The end of the store: deletes every object, and gives back to the system all memory but the bytes that windows still
   * show. Each step is a compare-exchange, so that a window made at the last moment either keeps its object or fails.
   */
  abandon(): void {
    for (let slot = 0; slot < this.#highWater; slot++) {
      const { state, generation } = this.#control.header(slot);
      if (state === 'sealed' || state === 'referenced') this.#bridge.deleteObject(slot, generation);
    }
    this.recallLeases();
    this.reclaimFreed();
    for (const pool of [this.#primary, this.#fallback]) {
      pool?.punchAllBut(this.#blocksOf(pool));
    }
  }

  /**
   * Checks the whole table against the allocators' books and the clients' ledgers. Only at a quiet point: no client is
   * in the middle of a call, no window is being collected. `spillingUnits` of the fallback pool belong to copies under way.
   * Throws `InvariantError`.
   */
  verify(spillingUnits: number): void {
    const control = this.#control;
    const free = new Set(this.#freeSlots.subarray(0, this.#freeCount));
    if (free.size !== this.#freeCount) throw new InvariantError('a slot is on the free list twice');
    const units = { primary: 0, fallback: spillingUnits };
    const clients = control.actorWord(ACTOR.CLIENT_HIGH_WATER);
    for (let slot = 0; slot < this.#highWater; slot++) {
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
        const cell = pool.kind === 'fallback' ? SLOT.FALLBACK_OFFSET_UNITS : SLOT.OFFSET_UNITS;
        if (pool.allocator.offsetOf(block) !== control.slotWord(slot, cell)) {
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

  #blocksOf(pool: MemoryPool): number[] {
    const blocks: number[] = [];
    for (let slot = 0; slot < this.#highWater; slot++) {
      const isThere = this.#control.slotWord(slot, SLOT.CAPACITY_UNITS) > 0 && this.#poolOf(slot) === pool;
      if (isThere) blocks.push(this.#control.slotWord(slot, SLOT.BLOCK));
    }
    return blocks;
  }

  #poolOf(slot: number): MemoryPool {
    if (this.#control.header(slot).location === 'primary') return this.#primary;
    if (this.#fallback !== undefined) return this.#fallback;
    throw new InvariantError(`slot ${slot} lies in a fallback pool that this store has not`, { slot });
  }

  #freeBlock(slot: number): boolean {
    if (this.#control.slotWord(slot, SLOT.CAPACITY_UNITS) === 0) return false;
    // A recalled slot's flags are cleared with its generation, but only primary blocks stay in stocks.
    this.#poolOf(slot).free(this.#control.slotWord(slot, SLOT.BLOCK));
    this.#control.setSlotWord(slot, SLOT.CAPACITY_UNITS, 0);
    return true;
  }

  #takeSlot(): number {
    if (this.#freeCount > 0) return this.#freeSlots[--this.#freeCount] ?? 0;
    const slot = this.#highWater++;
    this.#control.setActorWord(ACTOR.OBJECT_HIGH_WATER, this.#highWater);
    return slot;
  }

  #giveSlot(slot: number): void {
    if (this.#freeCount === this.#freeSlots.length) {
      const larger = new Int32Array(this.#freeSlots.length * 2);
      larger.set(this.#freeSlots);
      this.#freeSlots = larger;
    }
    this.#freeSlots[this.#freeCount++] = slot;
  }
}
