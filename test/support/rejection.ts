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
