/** Asserting that something fails with a certain error, at once and not later. */
import * as assert from 'uvu/assert';
import type { PlasmoidError } from '../../src/index.ts';

const LIMIT_MS = 5_000;

/** Calls it; the error it throws or rejects with, which must be of the class and come in time. */
export async function failure<E extends PlasmoidError>(
  call: () => unknown,
  errorClass: new (...parameters: never[]) => E,
  code: string,
  limitMs = LIMIT_MS,
): Promise<E> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([Promise.resolve().then(call), late]);
  } catch (error) {
    if (!(error instanceof errorClass)) throw error;
    assert.is(error.code, code);
    assert.is(error.name, errorClass.name);
    return error;
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`${errorClass.name} was expected, and nothing was thrown: ${String(call)}`);
}

/** What a promise rejects with: an error, in time. */
export async function rejection(promise: PromiseLike<unknown>, limitMs = LIMIT_MS): Promise<Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened within ${limitMs} ms`)), limitMs);
  });
  try {
    const outcome = await Promise.race([
      promise.then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
      late,
    ]);
    if (outcome === undefined) throw new Error('it was to be rejected, and was not');
    if (!(outcome.error instanceof Error)) throw new Error(`it rejected with ${String(outcome.error)}`);
    return outcome.error;
  } finally {
    clearTimeout(timer);
  }
}
