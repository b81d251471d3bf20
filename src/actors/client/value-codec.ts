/** Values on their way into the store and out of it. */
import { deserialize, serialize } from 'node:v8';
import { kindOf } from '../../pools/kind-of.ts';
import { CompactReader } from '../../state/compact/compact-reader.ts';
import { CompactWriter } from '../../state/compact/compact-writer.ts';
import { InvalidArgumentError, UnstorableValueError } from '../../state/errors.ts';
import {
  bytesOf,
  FORMAT,
  type FormatCode,
  formatOf,
  type Storable,
  type StorableView,
  type ViewFormat,
} from '../../state/value-format.ts';
import { ObjectRef } from './object-ref.ts';
import { onlyItsTokenCanBeSent } from './uncloneable.ts';

/** What the bridge copies, and the format that readers are told. */
export interface EncodedValue {
  readonly source: StorableView;
  readonly format: FormatCode;
}

/** One of each for all stores of the thread: none works on two values at once. */
const writer = new CompactWriter(kindOf);
const reader = new CompactReader();

/** The size as the engine knows it, whatever a subclass says of itself. */
const sizeGetterOf = (prototype: object): (() => number) =>
  Object.getOwnPropertyDescriptor(prototype, 'byteLength')!.get!;
const typedArraySize = sizeGetterOf(Object.getPrototypeOf(Uint8Array.prototype));
const dataViewSize = sizeGetterOf(DataView.prototype);
const bufferSize = sizeGetterOf(ArrayBuffer.prototype);

/**
 * The source may be scratch memory: see {@link keepSource}. Throws `UnstorableValueError`, or `InvalidArgumentError` for a view on a
 * detached buffer.
 */
export function encodeValue(value: Storable): EncodedValue {
  const format = formatOf(value);
  if (format !== undefined) {
    // What has a format is a view of that format.
    const source = value as StorableView;
    sizeOfFormat(source, format);
    return { source, format };
  }
  const compact = writer.encode(value);
  if (compact !== undefined) return { source: compact, format: FORMAT.compact };
  try {
    return { source: serialize(value), format: FORMAT.serialized };
  } catch (cause) {
    if (hasUncloneable(value)) {
      throw new UnstorableValueError(
        'a ref, slot or channel cannot be stored, because nothing would count it: send its token',
        { type: typeof value },
        { cause },
      );
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnstorableValueError(
      `the value cannot be stored: ${reason}`,
      { type: typeof value },
      { cause },
    );
  }
}

/** The source of a value for a put that waits: the thread may encode others meanwhile. */
export function keepSource({ source, format }: EncodedValue): StorableView {
  return format === FORMAT.compact ? bytesOf(source).slice() : source;
}

/** Whether the value is a ref or the like, or has one at first sight: why it could not be serialised. */
function hasUncloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof ObjectRef) return true;
  const isOne = (part: unknown): boolean => part === onlyItsTokenCanBeSent || part instanceof ObjectRef;
  return Object.values(value).some(
    (part) => isOne(part) || (typeof part === 'object' && part !== null && Object.values(part).some(isOne)),
  );
}

/**
 * How many bytes the bridge will copy. Throws `InvalidArgumentError` for a view on a detached buffer, which would be stored
 * as empty.
 */
export function sizeOf(value: StorableView): number {
  return sizeOfFormat(value, formatOf(value));
}

function sizeOfFormat(value: StorableView, format: ViewFormat): number {
  try {
    const size = sizeGetter(format).call(value);
    if (size === 0) bytesOf(value);
    return size;
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) throw cause;
    const message = 'value must not lie on a detached buffer, or outside of a shrunk one';
    throw new InvalidArgumentError(message, { name: 'value' }, { cause });
  }
}

function sizeGetter(format: ViewFormat): () => number {
  if (format === FORMAT.ArrayBuffer) return bufferSize;
  return format === FORMAT.DataView ? dataViewSize : typedArraySize;
}

/** Where the bridge copies small values of this format to. */
export const copied = Object.freeze({ target: reader.scratch, format: FORMAT.compact });

/** The value that the bridge has copied, before any other is. */
export function decodeCopied(byteLength: number): unknown {
  return reader.decodeScratch(byteLength);
}

/** The value that was encoded into a window. */
export function decodeValue(window: ArrayBuffer, format: FormatCode): unknown {
  if (format === FORMAT.compact) return reader.decode(window);
  // From a copy: the deserializer makes typed arrays on the buffer it reads, and the caller may write to them.
  return deserialize(Buffer.from(new Uint8Array(window)));
}
