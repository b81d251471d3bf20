/**
 * What a walker may take for plain data. Whatever only looks like it (a proxy, which a structured clone refuses; a `Date`
 * or `arguments` under the prototype of objects) is left to the engine, which tells them apart by their kind.
 */
import { types } from 'node:util';
import { serialize } from 'node:v8';

const tagOf = Object.prototype.toString;
/** What the engine writes for an object that has no properties, and for nothing else. */
const EMPTY = [...serialize([{}])].slice(4, 7);
/** After two bytes of version, the tag of an array and a varint of its length. */
const startOf = (count: number): number => 3 + Math.max(1, Math.ceil((32 - Math.clz32(count)) / 7));

export const { isProxy } = types;

/**
 * Whether an object is a literal of this realm, or has no prototype. One without keys has to be looked at by
 * {@link areEmptyLiterals} as well: a `Map` or a `Promise` under a false prototype has none.
 */
export function isLiteral(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && tagOf.call(value) === '[object Object]';
}

/** Whether all of these, which have no keys, are nothing but objects: only the engine can tell, in one go. */
export function areEmptyLiterals(values: readonly object[]): boolean {
  try {
    const bytes = serialize(values);
    const start = startOf(values.length);
    const end = start + values.length * EMPTY.length;
    for (let at = start; at < end; at++) if (bytes[at] !== EMPTY[(at - start) % EMPTY.length]) return false;
    return true;
  } catch {
    return false;
  }
}
