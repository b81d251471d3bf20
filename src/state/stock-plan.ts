/**
 * How much memory a thread keeps for itself. What stands in its stock is memory that others can only get by a recall, so it is
 * little, and of small blocks only: there the allocator's time would be felt.
 */

/**
 * Largest object whose block goes into a stock: 64 KiB. What stands in a stock is a hole to everybody else, and whoever writes
 * a larger one hardly notices the time that the allocator takes.
 */
export const STOCK_OBJECT_BYTES_MAX = 1 << 16;
/** A stock never holds more than this part of the primary pool, nor more than {@link STOCK_BYTES_MAX}: its client sees to it. */
const STOCK_POOL_PART = 64;
const STOCK_BYTES_MAX = 8 << 20;

/** Bytes one client's stock may hold in a pool of this size. */
export function stockLimitBytes(primaryBytes: number): number {
  return Math.min(STOCK_BYTES_MAX, Math.floor(primaryBytes / STOCK_POOL_PART));
}
