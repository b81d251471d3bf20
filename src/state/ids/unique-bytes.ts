/** The parts of task and actor ids that tell them from all others: derived, so that a re-run task gives its children the same ids. */

import { createHash } from 'node:crypto';
import { invalidArgument } from '../options.ts';
import type { FixedLengthId } from './fixed-length-id.ts';
import type { JobId } from './job-id.ts';

/** A task id. Its class is not named here, because it is built on this file. */
export type ParentTaskId = FixedLengthId & { readonly kind: 'TaskId' };

/** Who makes something: which child of which task of which job it is. */
export interface Origin {
  readonly job: JobId;
  readonly parentTask: ParentTaskId;
  /** How many children the parent has made before, tasks and actors together. */
  readonly parentCounter: number;
}

/**
 * The first bytes of SHA-256 over job id ‖ parent task id ‖ parent counter ‖ extra, numbers in eight bytes little-endian.
 * `extra` tells apart what the rest does not; 0 stands for none, and is left out.
 */
export function uniqueBytes(
  length: number,
  { job, parentTask, parentCounter }: Origin,
  extra = 0n,
): Uint8Array {
  if (!Number.isSafeInteger(parentCounter) || parentCounter < 0) {
    throw invalidArgument('parentCounter', parentCounter, 'an integer of at least 0');
  }
  const digest = createHash('sha256')
    .update(job.toBinary())
    .update(parentTask.toBinary())
    .update(bytesOfU64(BigInt(parentCounter)));
  if (extra > 0n) digest.update(bytesOfU64(extra));
  return new Uint8Array(digest.digest()).subarray(0, length);
}

function bytesOfU64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
