/**
 * What is moved from memory to disk, and when. Pure: the actor scans the table, moves, and says what came of it. After Ray's
 * spilling, but for two things: an object on disk is read where it lies, so that nothing is ever restored; and what nobody
 * holds any more is collected first, so that garbage does not go to disk.
 */

/** An object in memory that is sealed, held by somebody, and viewed by nobody. */
export interface SpillCandidate {
  readonly slot: number;
  readonly generation: number;
  /** Of its block: what comes free. */
  readonly blockBytes: number;
  /** Since it was sealed, or last viewed. */
  readonly idleMs: number;
}

/** Ray: at most so many objects in one batch. */
export const SPILL_OBJECTS_MAX = 2_000;
/** Of the memory, at least, for a create that does not fit: the next ones shall not wait for the disk again. */
export const SPILL_PART = 1 / 5;
/** Ray: from this part of the memory in use on, objects are moved in the background. */
export const SPILL_THRESHOLD = 0.8;

/** Bytes to move for a create of `sizeBytes`, for which only `freeBytes` are left. */
export function spillTarget(sizeBytes: number, freeBytes: number, capacityBytes: number): number {
  return Math.max(sizeBytes - freeBytes, Math.floor(capacityBytes * SPILL_PART));
}

/** Bytes to move in the background; 0 while less than the threshold is in use. */
export function backgroundSpillTarget(allocatedBytes: number, capacityBytes: number): number {
  if (allocatedBytes < capacityBytes * SPILL_THRESHOLD) return 0;
  return Math.ceil(allocatedBytes - capacityBytes * (SPILL_THRESHOLD - SPILL_PART));
}

/** The least recently used candidates whose blocks reach `targetBytes`, or all. */
export function chooseSpillBatch(
  candidates: readonly SpillCandidate[],
  targetBytes: number,
): SpillCandidate[] {
  const byIdleness = [...candidates].sort((one, other) => other.idleMs - one.idleMs);
  const batch: SpillCandidate[] = [];
  let bytes = 0;
  for (const candidate of byIdleness) {
    if (bytes >= targetBytes || batch.length === SPILL_OBJECTS_MAX) break;
    batch.push(candidate);
    bytes += candidate.blockBytes;
  }
  return batch;
}
