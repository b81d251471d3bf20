/** Properties of objects that are read from bytes. */

/**
 * Gives an object a property of its own, whatever all objects inherit under its name: to assign would call a setter of theirs.
 */
export function defineOwn(object: object, key: string, value: unknown): void {
  const entry = { __proto__: null, value, enumerable: true, writable: true, configurable: true };
  Object.defineProperty(object, key, entry);
}
