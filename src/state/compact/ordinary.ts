/**
 * What a walker may take for plain data. Whatever only looks like it (a proxy, which a structured clone refuses; a `Date`
 * or `arguments` under the prototype of objects) is left to the engine, which tells them apart by their kind.
 */
import { types } from 'node:util';
import { serialize } from 'node:v8';

const tagOf = Object.prototype.toString;
/** Third, after two bytes of version, in what the engine writes for an object that has only properties. */
const ENGINE_TAG_OBJECT = 'o'.charCodeAt(0);
const ENGINE_TAG_AT = 2;

/** Whether an object is a literal of this realm, or has no prototype; not so an empty one of another kind. */
export function isOrdinaryObject(value: object, keys: readonly string[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if (tagOf.call(value) !== '[object Object]') return false;
  // A Map or a Promise under a false prototype has no keys of its own: the one case that only the engine can tell.
  return keys.length > 0 || isEmptyForTheEngine(value);
}

export const { isProxy } = types;

function isEmptyForTheEngine(value: object): boolean {
  try {
    return serialize(value)[ENGINE_TAG_AT] === ENGINE_TAG_OBJECT;
  } catch {
    return false;
  }
}
