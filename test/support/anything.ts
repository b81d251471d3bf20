/** Values of every kind that a structured clone may meet, for properties. */
import fc from 'fast-check';

export const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withNullPrototype: true,
  withUnicodeString: true,
  withObjectString: true,
});
