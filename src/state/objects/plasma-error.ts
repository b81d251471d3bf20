/** The words that Ray's object store answers and sorts with. Names and numbers are Ray's (`plasma.fbs`, `common.h`). */

import { InvariantError } from '../errors.ts';
import { Status } from '../status.ts';

/** What came of a call. A value, not an exception: these answers are part of the store's ordinary life. */
export const PLASMA_ERROR = Object.freeze({
  OK: 0,
  ObjectExists: 1,
  ObjectNonexistent: 2,
  OutOfMemory: 3,
  ObjectNotSealed: 4,
  ObjectInUse: 5,
  UnexpectedError: 6,
  ObjectSealed: 7,
  OutOfDisk: 8,
});
export type PlasmaError = (typeof PLASMA_ERROR)[keyof typeof PLASMA_ERROR];

/** What a client makes of the answer to its request. The other answers never leave the store; asking for them is a bug. */
export function plasmaErrorStatus(error: PlasmaError): Status {
  switch (error) {
    case PLASMA_ERROR.OK:
      return Status.OK;
    case PLASMA_ERROR.ObjectExists:
      return Status.error('ObjectExists', 'the object exists in the store already');
    case PLASMA_ERROR.ObjectNonexistent:
      return Status.error('ObjectNotFound', 'the object does not exist in the store');
    case PLASMA_ERROR.OutOfMemory:
      return Status.error('ObjectStoreFull', 'the object does not fit in the store');
    case PLASMA_ERROR.OutOfDisk:
      return Status.error('OutOfDisk', 'the local disk is full');
    case PLASMA_ERROR.UnexpectedError:
      return Status.error('UnknownError', 'something unexpected happened, probably a bug');
    default:
      throw new InvariantError(`the error ${error} is not for clients`, { error });
  }
}

/** Where an object came from. Only what a worker created may be spilled: the rest can be fetched again. */
export const OBJECT_SOURCE = Object.freeze({
  CreatedByWorker: 0,
  RestoredFromStorage: 1,
  ReceivedFromRemoteRaylet: 2,
  ErrorStoredByRaylet: 3,
});
export type ObjectSource = (typeof OBJECT_SOURCE)[keyof typeof OBJECT_SOURCE];

/** Whether an object may still be written. */
export const OBJECT_STATE = Object.freeze({
  PLASMA_CREATED: 1,
  PLASMA_SEALED: 2,
});
export type ObjectState = (typeof OBJECT_STATE)[keyof typeof OBJECT_STATE];
