/**
 * Ray's `StatusSet` and `StatusSetOr`: an outcome whose error is one of a closed list, so that the compiler knows whether all
 * were thought of. Plain objects, told apart by `code`: a `switch` does what Ray's visitors do, `visit` when all give a value.
 */

import { InvariantError } from './errors.ts';
import type { ErrorName } from './status-codes.ts';

/** An error with a known code. */
export interface TypedError<Code extends ErrorName> {
  readonly code: Code;
  readonly message: string;
}

/** Success with nothing to tell. */
export interface Success {
  readonly code: 'OK';
}

/** Success with a value. */
export interface SuccessWith<T> extends Success {
  readonly value: T;
}

type AnyOf<Code extends ErrorName> = { [C in Code]: TypedError<C> }[Code];

/** OK, or one of these errors. */
export type StatusSet<Code extends ErrorName> = Success | AnyOf<Code>;
/** A value, or one of these errors. */
export type StatusSetOr<T, Code extends ErrorName> = SuccessWith<T> | AnyOf<Code>;

/** A handler for each error that there may be. */
export type ErrorVisitor<Code extends ErrorName, R> = {
  readonly [C in Code]: (error: TypedError<C>) => R;
};

/** The success of a `StatusSet`. */
export const SUCCESS: Success = Object.freeze({ code: 'OK' });

/** The success of a `StatusSetOr`. */
export function successWith<T>(value: T): SuccessWith<T> {
  return { code: 'OK', value };
}

/** One of the errors. */
export function typedError<Code extends ErrorName>(code: Code, message: string): TypedError<Code> {
  return { code, message };
}

/** Whether it is an error. */
export function hasError<Code extends ErrorName>(
  outcome: Success | TypedError<Code>,
): outcome is TypedError<Code> {
  return outcome.code !== 'OK';
}

/** Calls the handler of the error at hand; the outcome must have one. */
export function visit<Code extends ErrorName, R>(
  outcome: Success | TypedError<Code>,
  visitor: ErrorVisitor<Code, R>,
): R {
  if (hasError(outcome)) return visitor[outcome.code](outcome);
  throw new InvariantError('there is no error to visit: the outcome is OK');
}
