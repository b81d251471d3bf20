/** Calls that the compiler would refuse. */
import * as assert from 'uvu/assert';
import { InvalidArgumentError } from '../../src/index.ts';
import { failure } from './rejection.ts';

/** A call as plain JavaScript may make it. */
export function call(target: object, method: string, ...parameters: unknown[]): unknown {
  const found: unknown = Reflect.get(target, method);
  if (typeof found !== 'function') throw new Error(`no method ${method}`);
  return Reflect.apply(found, target, parameters);
}

/** It fails with the name of what is wrong. */
export async function invalid(run: () => unknown, name: string): Promise<void> {
  const error = await failure(run, InvalidArgumentError, 'InvalidArgument');
  assert.is(error.values.name, name, error.message);
}
