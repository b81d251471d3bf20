/** What a full store says. */
import { ObjectStoreFullError, OutOfDiskError } from '../../src/index.ts';

/** Whether an error says that memory, and the disk where there is one, are full. */
export function isFull(error: unknown): error is OutOfDiskError | ObjectStoreFullError {
  return error instanceof OutOfDiskError || error instanceof ObjectStoreFullError;
}
