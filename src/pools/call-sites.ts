/** The table of call sites of a store in debug mode (`src/state/call-site-layout.ts`): any thread adds to it, any reads it. */
import {
  CALL_SITE,
  CALL_SITE_COUNT,
  CALL_SITE_STATE,
  CALL_SITE_TEXT_BYTES,
} from '../state/call-site-layout.ts';
import { SLOT } from '../state/slot-layout.ts';
import type { ControlRegion } from './control-region.ts';

/** Entries looked at for one text, from the place that its hash says: what finds none free goes without. */
const PROBES = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class CallSites {
  readonly #control: ControlRegion;
  /** Texts that this thread has met, with their numbers. */
  readonly #known = new Map<string, number>();

  /** For a store in debug mode only. */
  constructor(control: ControlRegion) {
    this.#control = control;
  }

  /** The number of a text, which is added if nobody has; 0 when there is no room. */
  numberOf(text: string): number {
    if (text === '') return 0;
    let number = this.#known.get(text);
    if (number === undefined) {
      number = this.#enter(encoder.encode(text).slice(-CALL_SITE_TEXT_BYTES));
      this.#known.set(text, number);
    }
    return number;
  }

  /** The text of a number; undefined for 0. */
  textOf(number: number): string | undefined {
    if (number === 0) return undefined;
    const length = Atomics.load(this.#control.words, this.#indexOf(number) + CALL_SITE.STATE);
    return length > 0 ? decoder.decode(this.#textBytes(number, length).slice()) : undefined;
  }

  /** The line that made the object in a slot. */
  ofSlot(slot: number): string | undefined {
    return this.textOf(this.#control.slotWord(slot, SLOT.CALL_SITE));
  }

  #enter(text: Uint8Array): number {
    const { words } = this.#control;
    const first = hashOf(text);
    for (let probe = 0; probe < PROBES; probe++) {
      const number = ((first + probe) % CALL_SITE_COUNT) + 1;
      const state = this.#indexOf(number) + CALL_SITE.STATE;
      const { FREE, BEING_WRITTEN } = CALL_SITE_STATE;
      if (Atomics.compareExchange(words, state, FREE, BEING_WRITTEN) === FREE) {
        this.#textBytes(number, text.length).set(text);
        // SYNC call-site: published behind the text.
        Atomics.store(words, state, text.length);
        return number;
      }
      // What another is just writing may be the same text: twice in the table does no harm.
      const length = Atomics.load(words, state);
      if (length === text.length && Buffer.compare(this.#textBytes(number, length), text) === 0)
        return number;
    }
    return 0;
  }

  #indexOf(number: number): number {
    return this.#control.layout.callSitesOffset / 4 + (number - 1) * CALL_SITE.WORDS;
  }

  #textBytes(number: number, length: number): Uint8Array {
    const offset = (this.#indexOf(number) + CALL_SITE.TEXT) * 4;
    return new Uint8Array(this.#control.buffer, offset, length);
  }
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
