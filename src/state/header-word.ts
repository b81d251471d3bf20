/**
 * The 64-bit header word of an object slot: state, location, flags, pins and generation in one word, so that one
 * compare-exchange changes all of them together. The native bridge writes it; JavaScript only loads and decodes.
 *
 *     63            32 31        8 7     5  4   3   0
 *     [  generation  ] [  pins   ] [flags] [loc][state]
 */
import { type ObjectState, STATES } from './lifecycle/codes.ts';

export const STATE_BITS = 4;
export const LOCATION_SHIFT = 4;
export const FLAG_NAMED_SHIFT = 5;
/** Somebody waits for the end of the writing: who seals or aborts tells the actor. Cleared by that very step. */
export const FLAG_AWAITED_SHIFT = 6;
/** The store itself has a hold, counted in the holds word and in no ledger: the object outlives its last ref. */
export const FLAG_EVICTABLE_SHIFT = 7;
export const PINS_SHIFT = 8;
export const PINS_BITS = 24;
export const GENERATION_SHIFT = 32;

/** Where an object's bytes lie. */
export type ObjectLocation = 'primary' | 'fallback';

/** A decoded header word. */
export interface HeaderWord {
  readonly state: ObjectState;
  readonly location: ObjectLocation;
  /** The object was created under an id of the caller's choice, so the id index has an entry for it. */
  readonly named: boolean;
  /** The object stays without refs until its memory is needed. */
  readonly evictable: boolean;
  readonly pins: number;
  readonly generation: number;
}

/** Decodes the two halves of a header word. Throws a `RangeError` on a state code that does not exist. */
export function decodeHeader(low: number, generation: number): HeaderWord {
  const code = low & ((1 << STATE_BITS) - 1);
  const state = STATES[code];
  if (state === undefined) throw new RangeError(`header word holds the unknown state code ${code}`);
  return {
    state,
    location: ((low >>> LOCATION_SHIFT) & 1) === 0 ? 'primary' : 'fallback',
    named: ((low >>> FLAG_NAMED_SHIFT) & 1) === 1,
    evictable: ((low >>> FLAG_EVICTABLE_SHIFT) & 1) === 1,
    pins: low >>> PINS_SHIFT,
    generation: generation >>> 0,
  };
}
