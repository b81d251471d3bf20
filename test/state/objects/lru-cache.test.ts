/** The cache against an array, the least recent first, under random calls. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../../src/state/errors.ts';
import { LruCache } from '../../../src/state/objects/lru-cache.ts';
import { readSeed } from '../../support/random.ts';

interface Entry {
  readonly key: number;
  readonly sizeBytes: number;
}

class Model {
  readonly cache: LruCache<number>;
  entries: Entry[] = [];
  capacityBytes: number;
  chosen: Entry[] = [];

  constructor(capacityBytes: number) {
    this.cache = new LruCache('cache', capacityBytes);
    this.capacityBytes = capacityBytes;
  }

  add(key: number, sizeBytes: number): void {
    if (this.entries.some((entry) => entry.key === key)) {
      assert.throws(
        () => this.cache.add(key, sizeBytes),
        (error: unknown) => error instanceof InvariantError && error.values.key === key,
      );
      return;
    }
    this.cache.add(key, sizeBytes);
    this.entries = [...this.entries, { key, sizeBytes }];
  }

  remove(key: number): void {
    const found = this.entries.find((entry) => entry.key === key);
    assert.is(this.cache.remove(key), found?.sizeBytes ?? -1);
    this.entries = this.entries.filter((entry) => entry !== found);
  }

  choose(bytes: number): void {
    // The shortest beginning that is enough, else all.
    const lengths = this.entries.map((_, index) => index);
    const length = lengths.find((count) => sum(this.entries.slice(0, count)) >= bytes);
    const expected = this.entries.slice(0, length);
    assert.equal(this.cache.chooseObjectsToEvict(bytes), {
      keys: expected.map(({ key }) => key),
      bytes: sum(expected),
    });
    this.chosen = [...this.chosen, ...expected];
  }

  adjust(deltaBytes: number): void {
    this.cache.adjustCapacity(deltaBytes);
    this.capacityBytes += deltaBytes;
  }

  check(originalBytes: number): void {
    const { cache, entries } = this;
    const seen: Entry[] = [];
    cache.forEach((key, sizeBytes) => {
      seen.push({ key, sizeBytes });
    });
    assert.equal(seen, [...entries].reverse());
    assert.is(cache.count, entries.length);
    assert.is(cache.usedBytes, sum(entries));
    assert.is(cache.capacityBytes, this.capacityBytes);
    assert.is(cache.originalCapacityBytes, originalBytes);
    assert.is(cache.remainingCapacityBytes, this.capacityBytes - sum(entries));
    assert.is(cache.evictionCount, this.chosen.length);
    assert.is(cache.evictedBytes, sum(this.chosen));
    for (let key = 0; key < KEYS; key++) {
      assert.is(
        cache.exists(key),
        entries.some((entry) => entry.key === key),
      );
    }
  }
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}

const KEYS = 8;
const command = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'remove', 'remove', 'choose', 'adjust'),
  key: fc.nat(KEYS - 1),
  bytes: fc.oneof(fc.nat(50), fc.integer({ min: -50, max: 300 })),
});

test('agrees with an array', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.array(command, { maxLength: 80, size: 'max' }), (capacityBytes, commands) => {
      const model = new Model(capacityBytes);
      for (const { kind, key, bytes } of commands) {
        if (kind === 'add') model.add(key, Math.abs(bytes));
        else if (kind === 'remove') model.remove(key);
        else if (kind === 'choose') model.choose(bytes);
        else model.adjust(bytes);
        model.check(capacityBytes);
      }
    }),
    { numRuns: 300, seed: readSeed() },
  );
});

test.run();
