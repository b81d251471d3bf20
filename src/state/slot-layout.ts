/**
 * Layout of one record of the object table, in 32-bit words: one cache line. Written by the native bridge, read by the
 * actor and by `list()`.
 */
export const SLOT = Object.freeze({
  /** Low half of the header word (`header-word.ts`). */
  HEADER: 0,
  /** High half of the header word. */
  GENERATION: 1,
  /** Number of clients that hold a ref; each also has a bit in its own ledger. */
  HOLDS: 2,
  /** Where the bytes start, in units of 64 bytes from the start of the primary pool. */
  OFFSET_UNITS: 3,
  /** Size of the object in bytes, as asked for; 64 bits wide. */
  SIZE_LOW: 4,
  SIZE_HIGH: 5,
  /** When it was sealed or its last window went, in milliseconds of the bridge's coarse clock. */
  LAST_USE_MS: 6,
  /** Kind of value (`value-format.ts`). */
  FORMAT: 7,
  /** Size of the block behind it in units of 64 bytes; 0 when the slot has no block. */
  CAPACITY_UNITS: 8,
  /** When it was created, by the same clock. */
  CREATED_MS: 9,
  /**
   * Where the bytes start in the fallback pool. A cell of its own, so that an object can be moved while others get it: who
   * pins it reads the cell that the header of that very step says.
   */
  FALLBACK_OFFSET_UNITS: 10,
  /** Link of the freed stack, or of the free slots: slot number plus one, 0 at the end. */
  NEXT_FREED: 11,
  /** Link of the settled stack: slot number plus one, STACK_END at the end; 0 when the slot is not on it. */
  NEXT_SETTLED: 12,
  /** The block's row in the books of its pool's allocator, valid while CAPACITY_UNITS is not 0. */
  BLOCK: 13,
  /** In a store in debug mode: what its bytes were when it was sealed (a {@link CHECKSUM}), and who created it (`call-site-layout.ts`). */
  CHECKSUM: 14,
  CALL_SITE: 15,
  WORDS: 16,
});

/**
 * Layout of a slot's name, in 32-bit words, in a column of its own: only objects whose ids somebody chose have one, so
 * that the others neither touch its memory nor carry it through the caches.
 */
export const NAME = Object.freeze({
  /** 28 bytes, valid when the header's named flag is set. */
  ID: 0,
  /** Link of the id index's bucket chain: slot number plus one, 0 at the end. */
  NEXT_IN_BUCKET: 7,
  WORDS: 8,
});

/** Values of SLOT.CHECKSUM that are no checksum. */
export const CHECKSUM = Object.freeze({
  /** Not sealed yet. */
  NONE: 0,
  /** The bytes were found changed, and it was told; the last window on them has not gone yet. */
  DAMAGED: 0xffffffff,
  /** Likewise, and one pin stays for ever: nobody gets the block until somebody has looked at it. */
  EVIDENCE: 0xfffffffe,
});

/** Link of the last slot of the settled stack. */
export const STACK_END = 0xffffffff;

/** The largest object that a thread may read through one window however often it gets it (`native-bridge/hot_windows.h`). */
export const HOT_WINDOW_BYTES = 64 * 1024;

/** Bytes in one unit of placement: every offset handed out is a multiple of it. */
export const UNIT_BYTES = 64;
/** Units that an object of so many bytes takes; an empty one has a place too. */
export function unitsOf(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / UNIT_BYTES));
}
/** Bytes of one record. */
export const SLOT_BYTES = SLOT.WORDS * 4;
/** Bytes of one name. */
export const NAME_BYTES = NAME.WORDS * 4;
/** Bytes of an object id, as in Ray. */
export const ID_BYTES = 28;
