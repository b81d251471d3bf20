/**
 * Keys with sizes, in the order of their last use. Says who would have to go; who goes is decided elsewhere, so the
 * capacity is a number to compare with and is never enforced here.
 */
import { InvariantError } from '../errors.ts';
import type { ObjectKey } from './object-info.ts';

/** Keys to evict, the least recently used first, and what they come to. */
export interface EvictionChoice<Key extends ObjectKey> {
  readonly keys: readonly Key[];
  readonly bytes: number;
}

export class LruCache<Key extends ObjectKey> {
  readonly name: string;
  readonly originalCapacityBytes: number;
  /** A Map keeps the order in which keys were added: the first is the least recent one. */
  readonly #sizes = new Map<Key, number>();
  #capacityBytes: number;
  #usedBytes = 0;
  #chosenCount = 0;
  #chosenBytes = 0;

  constructor(name: string, capacityBytes: number) {
    this.name = name;
    this.originalCapacityBytes = capacityBytes;
    this.#capacityBytes = capacityBytes;
  }

  get capacityBytes(): number {
    return this.#capacityBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Below zero when more is in it than its capacity. */
  get remainingCapacityBytes(): number {
    return this.#capacityBytes - this.#usedBytes;
  }

  get count(): number {
    return this.#sizes.size;
  }

  /** Keys ever chosen for eviction; one chosen twice counts twice. */
  get evictionCount(): number {
    return this.#chosenCount;
  }

  get evictedBytes(): number {
    return this.#chosenBytes;
  }

  /** Adds a key as the most recently used one. */
  add(key: Key, sizeBytes: number): void {
    if (this.#sizes.has(key)) {
      throw new InvariantError(`${this.name}: ${key} is added twice`, { cache: this.name, key });
    }
    this.#sizes.set(key, sizeBytes);
    this.#usedBytes += sizeBytes;
  }

  /** Takes a key out: its size, or -1 when it was not there. */
  remove(key: Key): number {
    const sizeBytes = this.#sizes.get(key);
    if (sizeBytes === undefined) return -1;
    const usedBytes = this.#usedBytes - sizeBytes;
    if (usedBytes < 0) {
      throw new InvariantError(`${this.name}: ${usedBytes} bytes would be used without ${key}`, {
        cache: this.name,
        key,
        usedBytes,
      });
    }
    this.#sizes.delete(key);
    this.#usedBytes = usedBytes;
    return sizeBytes;
  }

  adjustCapacity(deltaBytes: number): void {
    this.#capacityBytes += deltaBytes;
  }

  /** From the least recent on, until they come to this many bytes or there are no more. They stay: removing is a step of its own. */
  chooseObjectsToEvict(bytes: number): EvictionChoice<Key> {
    const keys: Key[] = [];
    let chosenBytes = 0;
    for (const [key, sizeBytes] of this.#sizes) {
      if (chosenBytes >= bytes) break;
      keys.push(key);
      chosenBytes += sizeBytes;
    }
    this.#chosenCount += keys.length;
    this.#chosenBytes += chosenBytes;
    return { keys, bytes: chosenBytes };
  }

  /** The most recently used first. */
  forEach(callback: (key: Key, sizeBytes: number) => void): void {
    for (const [key, sizeBytes] of [...this.#sizes].reverse()) callback(key, sizeBytes);
  }

  exists(key: Key): boolean {
    return this.#sizes.has(key);
  }
}
