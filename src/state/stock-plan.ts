/**
 * How many blocks of a size class a client is given in advance. Pure: one plan per client and class, fed by misses.
 *
 * A stock is sized by demand: the first miss of a class earns one more block, each further miss twice as many as the
 * last, up to limits of number and bytes. What is leased is memory that others cannot use, so little is given in advance
 * while the pool is short: of small blocks still many, of the largest none; and in the end nothing.
 */

/** Largest object that is served from stocks. */
export const STOCK_OBJECT_BYTES_MAX = 1 << 20;
/** Most blocks of one class in one stock. */
export const STOCK_ENTRIES_MAX = 32;
/** A stock never holds more than this part of the primary pool, nor more than {@link STOCK_BYTES_MAX}: its client sees to it. */
export const STOCK_POOL_PART = 16;
export const STOCK_BYTES_MAX = 64 << 20;
/** When less than this part of the primary pool is free, no batch takes more than {@link SHORT_BATCH_PART} of that; */
const SHORT_PART = 4;
const SHORT_BATCH_PART = 128;
/** and when less than this part is, nothing is given in advance. */
const LAST_PART = 16;

/** Bytes one client's stock may hold in a pool of this size. */
export function stockLimitBytes(primaryBytes: number): number {
  return Math.min(STOCK_BYTES_MAX, Math.floor(primaryBytes / STOCK_POOL_PART));
}

/** What the plan has to know about the moment. */
export interface StockDemand {
  readonly blockBytes: number;
  /** Blocks given in advance at the last miss of this class; 0 at the first. */
  readonly lastBatch: number;
  readonly freeBytes: number;
  readonly primaryBytes: number;
}

/** Number of blocks to give in advance at this miss. */
export function stockBatch(demand: StockDemand): number {
  const { blockBytes, lastBatch, freeBytes, primaryBytes } = demand;
  if (blockBytes > STOCK_OBJECT_BYTES_MAX || freeBytes < primaryBytes / LAST_PART) return 0;
  const isShort = freeBytes < primaryBytes / SHORT_PART;
  const mostBytes = isShort ? freeBytes / SHORT_BATCH_PART : stockLimitBytes(primaryBytes) / 2;
  return Math.min(Math.max(1, lastBatch * 2), STOCK_ENTRIES_MAX, Math.floor(mostBytes / blockBytes));
}
