/** Texts that were read lately, so that keys and words that come again are neither made nor collected again. */

/** A power of two. */
const PLACES = 512;
/** Longer ones are not kept: one place has room for that many characters. */
export const CACHED_TEXT_MAX = 64;

export class TextCache {
  readonly #texts: string[] = new Array(PLACES).fill('');

  /** The text of one byte per character, `length` of them from `start` on. */
  textAt(bytes: Buffer, start: number, length: number): string {
    const end = start + length;
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const place = (hash ^ (hash >>> 9)) & (PLACES - 1);
    const kept = this.#texts[place]!;
    if (isAt(kept, bytes, start, length)) return kept;
    const text = bytes.toString('latin1', start, end);
    this.#texts[place] = text;
    return text;
  }
}

function isAt(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
