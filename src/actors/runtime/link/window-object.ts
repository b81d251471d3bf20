/**
 * Which object a view from a message lies on: its buffer remembers it. As a private field that is given to a buffer that others
 * have made, since that costs an eighth of an entry of a `WeakMap`, which also every collection has to go through.
 */
import type { ObjectRef } from '../../client/object-ref.ts';

/** A constructor that gives what it is given: fields of classes derived from it are added to that. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the whole purpose
    return object;
  }
}

class Remembering extends Given {
  #object: ObjectRef;

  constructor(buffer: ArrayBufferLike, object: ObjectRef) {
    super(buffer);
    this.#object = object;
  }

  static remember(buffer: ArrayBufferLike, object: ObjectRef): void {
    if (#object in buffer) buffer.#object = object;
    else new Remembering(buffer, object);
  }

  static objectOf(buffer: ArrayBufferLike): ObjectRef | undefined {
    return #object in buffer ? buffer.#object : undefined;
  }
}

/** From now on the buffer is known to be of the object; it keeps the ref. */
export const rememberObject = Remembering.remember;

/** The object whose bytes the buffer has, if it came in a message. */
export const rememberedObject = Remembering.objectOf;
