/**
 * What an object is to a structured clone. Only the engine can tell, for a `Map` or a `Promise` may be under the prototype of
 * objects and have keys of its own.
 */
export const KIND = Object.freeze({
  /** All that is left to the engine, proxies and errors among it. */
  OTHER: 0,
  /** Nothing but its properties: a literal or an instance of a class of JavaScript. */
  ORDINARY: 1,
  ARRAY: 2,
  DATE: 3,
  MAP: 4,
  SET: 5,
});

/** Answers one of {@link KIND}. */
export type KindOf = (value: object) => number;

/** Whether an ordinary object is one of this realm and of no class, or has no prototype. */
export function isLiteral(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
