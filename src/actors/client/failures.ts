/** Errors of what the bridge and the allocator actor answer. */
import { STATUS } from '../../state/bridge-status.ts';
import {
  InterruptedError,
  InvariantError,
  NotAWindowError,
  ObjectExistsError,
  ObjectNotFoundError,
  ObjectNotSealedError,
  ObjectStoreFullError,
  OutOfDiskError,
  OutOfResourceError,
  type PlasmoidError,
  StoreClosedError,
  SystemError,
  TimedOutError,
  WindowLostError,
} from '../../state/errors.ts';
import type { FailureReport } from '../protocol.ts';

const REPORTED = {
  ObjectStoreFullError,
  OutOfDiskError,
  OutOfResourceError,
  InvariantError,
  SystemError,
  TimedOutError,
} as const;

/** The error that an actor's report describes. */
export function failureToError(json: string): PlasmoidError {
  const { error, message, values }: FailureReport = JSON.parse(json);
  return new REPORTED[error](message, values);
}

/** The error for a status below zero; `what` names the object. */
export function statusToError(status: number, what: string): PlasmoidError {
  switch (status) {
    case STATUS.NOT_FOUND:
      return new ObjectNotFoundError(`${what} does not exist, or was deleted`, { object: what });
    case STATUS.NOT_SEALED:
      return new ObjectNotSealedError(`${what} is still being written`, { object: what });
    case STATUS.EXISTS:
      return new ObjectExistsError(`${what} exists already`, { object: what });
    case STATUS.WINDOW_LOST:
      return new WindowLostError(
        `the buffer of ${what} was transferred away before it was sealed: the object is aborted`,
        { object: what },
      );
    case STATUS.NOT_A_WINDOW:
      return new NotAWindowError('not a readable window of this store, or released before');
    case STATUS.TOO_MANY_PINS:
      return new OutOfResourceError(`${what} has 2^24 - 1 windows already`, { object: what });
    case STATUS.CLOSED:
      return new StoreClosedError('the store was closed');
    default:
      return new InvariantError(`the bridge answered ${status} about ${what}`, { status, object: what });
  }
}

/** The error of a call whose signal fired. */
export function interrupted(signal: AbortSignal | undefined): InterruptedError {
  return new InterruptedError('the call was aborted', {}, { cause: signal?.reason });
}

/**
 * An error that came through the ring, or from a timer, has the stack of whoever happened to read it. Thrown from an async
 * function, it gets that function's: with the frames of all who await it.
 */
export function atCaller(error: unknown): unknown {
  if (error instanceof Error) Error.captureStackTrace(error, atCaller);
  return error;
}
