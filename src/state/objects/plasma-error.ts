/** The words that Ray's object store answers and sorts with. Names and numbers are Ray's (`plasma.fbs`, `common.h`). */

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
