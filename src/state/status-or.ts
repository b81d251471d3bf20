/** A value, or the status that tells why there is none. */

import { InvariantError } from './errors.ts';
import { Status } from './status.ts';
import type { ErrorName, StatusName } from './status-codes.ts';

type Content<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: Status<ErrorName> };

/**
 * Ray's `StatusOr`. A `StatusOr<Derived>` is a `StatusOr<Base>`. The early return of Ray's macros is
 * `if (!first.ok) return first.asError();`.
 */
export class StatusOr<out T> {
  readonly #content: Content<T>;

  private constructor(content: Content<T>) {
    this.#content = content;
  }

  /** Success with this value, `undefined` included. */
  static of<T>(value: T): StatusOr<T> {
    return new StatusOr({ ok: true, value });
  }

  /** The failure that this status tells of. */
  static error(status: Status<ErrorName>): StatusOr<never> {
    return new StatusOr({ ok: false, status });
  }

  /** Whether there is a value. */
  get ok(): boolean {
    return this.#content.ok;
  }

  /** OK, or why there is no value. */
  get status(): Status {
    return this.#content.ok ? Status.OK : this.#content.status;
  }

  /** The status' code. */
  get code(): StatusName {
    return this.status.code;
  }

  /** The value. Asking without one is a bug: look at `ok` first. */
  get value(): T {
    if (this.#content.ok) return this.#content.value;
    throw new InvariantError(`there is no value, but the error ${this.#content.status}`, {
      code: this.#content.status.code,
    });
  }

  /** The value, or this one. */
  valueOr<U>(fallback: U): T | U {
    return this.#content.ok ? this.#content.value : fallback;
  }

  /** The value, or a new one from `makeDefault`: types have no default values here. */
  valueOrDefault<U>(makeDefault: () => U): T | U {
    return this.#content.ok ? this.#content.value : makeDefault();
  }

  /** What `next` makes of the value; an error passes through. */
  andThen<U>(next: (value: T) => StatusOr<U>): StatusOr<U> {
    return this.#content.ok ? next(this.#content.value) : StatusOr.error(this.#content.status);
  }

  /** What `handle` makes of the error; a value passes through. */
  orElse<U>(handle: (status: Status<ErrorName>) => StatusOr<U>): StatusOr<T | U> {
    return this.#content.ok ? this : handle(this.#content.status);
  }

  /** The error, as a result of whatever type is wanted. */
  asError(): StatusOr<never> {
    if (!this.#content.ok) return StatusOr.error(this.#content.status);
    throw new InvariantError('there is a value, no error');
  }

  /** Two values are compared by `isEqual`, two errors by their codes alone, as in Ray; a value is no error. */
  equals<U>(other: StatusOr<U>, isEqual: (one: T | U, other: T | U) => boolean = Object.is): boolean {
    if (this.#content.ok && other.#content.ok) return isEqual(this.#content.value, other.#content.value);
    return this.code === other.code;
  }
}
