/**
 * Size classes, eight per octave: 1, 2, … 16, 18, 20, … 32, 36, … so that rounding up wastes at most 12.5 %.
 *
 * Rounding comes before the search for space because a good-fit search looks only in lists whose every block is large
 * enough: of two nearly equal sizes, the hole left by the smaller would never be found again for the larger. Rounded,
 * they are the same size.
 *
 * Sizes reach 2^32 (the class above 2^32 - 1), so only unsigned shifts are used here, and the last step is a
 * multiplication, which does not wrap.
 */

import { CACHE_COUNT } from '../../state/books-layout.ts';

const CLASSES_PER_OCTAVE_SHIFT = 3;
/** Below this size, every size is a class of its own. */
const FIRST_ROUNDED = 2 << CLASSES_PER_OCTAVE_SHIFT;
const LARGEST_CLASS_UNITS = 2 ** 32;

/** Classes run from 0 (one unit) to `CLASS_COUNT - 1` (2^32 units). */
export const CLASS_COUNT = CACHE_COUNT;

/** How far a size of this octave is shifted to leave its four leading bits. */
function octaveShift(units: number): number {
  return 31 - CLASSES_PER_OCTAVE_SHIFT - Math.clz32(units);
}

/** The smallest class size that is at least `units`; for whole numbers from 1 to 2^32 - 1. */
export function roundToClass(units: number): number {
  if (units < FIRST_ROUNDED) return units;
  const shift = octaveShift(units);
  return (((units - 1) >>> shift) + 1) * (1 << shift);
}

/** The class of a class size; of any other size from 1 to 2^32, the class next below. */
export function classOf(units: number): number {
  if (units < FIRST_ROUNDED) return units - 1;
  if (units >= LARGEST_CLASS_UNITS) return CLASS_COUNT - 1;
  const shift = octaveShift(units);
  return (shift << CLASSES_PER_OCTAVE_SHIFT) + (units >>> shift) - 1;
}

/** The size of a class, in units. */
export function unitsOfClass(index: number): number {
  const position = index + 1;
  if (position < FIRST_ROUNDED) return position;
  const shift = (position >>> CLASSES_PER_OCTAVE_SHIFT) - 1;
  return (position - (shift << CLASSES_PER_OCTAVE_SHIFT)) * (1 << shift);
}
