/** Values on their way into the store and out of it. */
import { deserialize, serialize } from 'node:v8';
import { UnstorableValueError } from '../../state/errors.ts';
import {
  bytesOf,
  FORMAT,
  type FormatCode,
  formatOf,
  isStorableView,
  type Storable,
  type StorableView,
} from '../../state/value-format.ts';

/** What the bridge copies, and the format that readers are told. */
export interface EncodedValue {
  readonly source: StorableView;
  readonly format: FormatCode;
}

/** Throws `UnstorableValueError`, or `InvalidArgumentError` for a view on a detached buffer. */
export function encodeValue(value: Storable): EncodedValue {
  if (isStorableView(value)) {
    // Refuses a detached buffer, which would be stored as empty.
    if (value.byteLength === 0) bytesOf(value);
    return { source: value, format: formatOf(value) };
  }
  try {
    return { source: serialize(value), format: FORMAT.serialized };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnstorableValueError(
      `the value cannot be stored: ${reason}`,
      { type: typeof value },
      { cause },
    );
  }
}

/** The value that was serialised into a window. */
export function decodeSerialised(window: ArrayBuffer): unknown {
  // From a copy: the deserializer makes typed arrays on the buffer it reads, and the caller may write to them.
  return deserialize(Buffer.from(new Uint8Array(window)));
}
