/**
 * The bound of put + get + release: what is left of a store when everything that makes it safe is taken away. Blocks of
 * one size in a window on memory made once, a stock of free ones, a state word and a count for each. No ids, no tables,
 * no check of who may do what, nobody to ask, and views that show whatever a block becomes.
 */

const FREE = 0;
const SEALED = 1;
/** Words of 32 bits for a block: its state and its count of readers, in a cache line of their own. */
const WORDS = 16;

export class LeasedBlocks {
  readonly #window: ArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #blockBytes: number;
  readonly #stock: number[] = [];
  /** The whole window, for copies. */
  readonly #values: Float64Array<ArrayBuffer>;

  constructor(window: ArrayBuffer, blockBytes: number) {
    const blocks = Math.floor(window.byteLength / blockBytes);
    this.#window = window;
    this.#values = new Float64Array(window);
    this.#blockBytes = blockBytes;
    this.#words = new Int32Array(new SharedArrayBuffer(blocks * WORDS * 4));
    for (let block = blocks - 1; block >= 0; block--) this.#stock.push(block);
  }

  get freeCount(): number {
    return this.#stock.length;
  }

  /** The number of a block that now has the values. */
  put(values: Float64Array): number {
    const block = this.#stock.pop();
    if (block === undefined) throw new RangeError('No block is free');
    this.#values.set(values, (block * this.#blockBytes) / 8);
    if (Atomics.compareExchange(this.#words, block * WORDS, FREE, SEALED) !== FREE)
      throw new Error(`Block ${block} was in use`);
    return block;
  }

  get(block: number, length: number): Float64Array<ArrayBuffer> {
    Atomics.add(this.#words, block * WORDS + 1, 1);
    return new Float64Array(this.#window, block * this.#blockBytes, length);
  }

  /** By its only reader; the block is free again. */
  release(block: number): void {
    if (Atomics.sub(this.#words, block * WORDS + 1, 1) !== 1) return;
    if (Atomics.compareExchange(this.#words, block * WORDS, SEALED, FREE) === SEALED) this.#stock.push(block);
  }
}
