/** Where an object is, as refs, tokens and automatic ids say. */
import { ForeignRefError } from '../../state/errors.ts';
import { invalidArgument } from '../../state/options.ts';

/** A slot of the object table, at one time of its life. */
export interface ObjectPlace {
  readonly slot: number;
  readonly generation: number;
}

declare const valueType: unique symbol;

/**
 * Names an object of a store in a message to another thread: a plain value that can be cloned. It holds nothing: keep
 * the ref until the receiver has made its own with `store.ref(token)`.
 */
export interface ObjectToken<T = unknown> extends ObjectPlace {
  /** The store, in hexadecimal. */
  readonly store: string;
  /** Only for type inference; never there at run time. */
  readonly [valueType]?: T;
}

/** How messages name an object without an id of its own. */
export function describePlace({ slot, generation }: ObjectPlace): string {
  return `object ${slot}.${generation}`;
}

/** Checks a token of the store called `storeName`. Throws `InvalidArgumentError` or `ForeignRefError`. */
export function readToken(token: ObjectToken, storeName: string): ObjectPlace {
  const isToken = isU32(token?.slot) && isU32(token?.generation) && typeof token?.store === 'string';
  if (!isToken) throw invalidArgument('ref', token, 'an ObjectRef, an ObjectToken or an ObjectId');
  if (token.store === storeName) return token;
  throw new ForeignRefError('the token belongs to another store', { store: token.store.slice(0, 80) });
}

function isU32(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
