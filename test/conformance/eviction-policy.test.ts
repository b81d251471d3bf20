/** Ray's eviction_policy_test, and what its prose says beyond it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../src/state/errors.ts';
import { EvictionPolicy } from '../../src/state/objects/eviction-policy.ts';
import { LruCache } from '../../src/state/objects/lru-cache.ts';

const isInvariant = (error: unknown) => error instanceof InvariantError;

/** A policy over sizes and books that can be changed. */
function fixture(footprintLimitBytes: number, sizes: Record<string, number>) {
  const sizeOf = new Map(Object.entries(sizes));
  const memory = { allocatedBytes: 0, footprintLimitBytes };
  const policy = new EvictionPolicy<string>({ sizeBytesOf: (id) => sizeOf.get(id) }, memory);
  return { sizeOf, memory, policy };
}

function keysOf(cache: LruCache<string>): string[] {
  const keys: string[] = [];
  cache.forEach((key) => {
    keys.push(key);
  });
  return keys;
}

test('LRUCacheTest', () => {
  const cache = new LruCache<string>('test', 1024);
  assert.is(cache.capacityBytes, 1024);
  assert.is(cache.originalCapacityBytes, 1024);
  assert.is(cache.remainingCapacityBytes, 1024);
  cache.add('key1', 32);
  assert.is(cache.remainingCapacityBytes, 992);
  cache.add('key2', 64);
  assert.is(cache.remainingCapacityBytes, 928);
  assert.is(cache.remove('key1'), 32);
  assert.is(cache.remainingCapacityBytes, 960);
  assert.is(cache.remove('key2'), 64);
  assert.is(cache.remainingCapacityBytes, 1024);

  cache.add('k1', 10);
  cache.add('k2', 10);
  for (const bytes of [15, 30]) {
    const choice = cache.chooseObjectsToEvict(bytes);
    assert.is(choice.bytes, 20);
    assert.is(choice.keys.length, 2);
  }
  assert.equal(keysOf(cache).reverse(), ['k1', 'k2']);

  cache.adjustCapacity(1024);
  assert.is(cache.capacityBytes, 2048);
  assert.is(cache.originalCapacityBytes, 1024);
});

test('EvictionPolicyTest', () => {
  const created = () => {
    const { policy, memory } = fixture(100, { key1: 10, key2: 20, key3: 30, key4: 40 });
    for (const id of ['key1', 'key2', 'key3', 'key4']) policy.objectCreated(id);
    memory.allocatedBytes = 10 + 20 + 30 + 40;
    return policy;
  };
  for (const [bytes, missing, count] of [
    [10, -20, 2],
    [30, 0, 2],
    [40, -20, 3],
  ] as const) {
    const { keys, requiredMinusEvictedBytes } = created().requireSpace(bytes);
    assert.is(requiredMinusEvictedBytes, missing);
    assert.is(keys.length, count);
  }
  const policy = created();
  assert.ok(policy.isObjectExists('key1'));
  policy.beginObjectAccess('key1');
  assert.not(policy.isObjectExists('key1'));
  policy.endObjectAccess('key1');
  assert.ok(policy.isObjectExists('key1'));
});

test('LruCache: adding twice is fatal, and changes nothing', () => {
  const cache = new LruCache<string>('test', 100);
  cache.add('a', 10);
  cache.add('b', 20);
  assert.throws(() => cache.add('a', 30), isInvariant);
  assert.equal(keysOf(cache), ['b', 'a']);
  assert.is(cache.usedBytes, 30);
});

test('LruCache: removing what is not there is -1, and of what has no size 0', () => {
  const cache = new LruCache<string>('test', 100);
  cache.add('empty', 0);
  assert.is(cache.remove('other'), -1);
  assert.is(cache.remove('empty'), 0);
  assert.is(cache.remove('empty'), -1);
});

test('LruCache: less than nothing used is fatal', () => {
  const cache = new LruCache<string>('test', 100);
  cache.add('a', -10);
  cache.add('b', 5);
  assert.throws(() => cache.remove('b'), isInvariant);
  assert.ok(cache.exists('b'));
});

test('LruCache: the capacity is a number, not a limit', () => {
  const cache = new LruCache<string>('test', 10);
  cache.add('a', 30);
  assert.is(cache.remainingCapacityBytes, -20);
  cache.adjustCapacity(-5);
  assert.is(cache.capacityBytes, 5);
  assert.is(cache.originalCapacityBytes, 10);
  assert.is(cache.remainingCapacityBytes, -25);
});

test('LruCache: from the least recent on, until it is enough and no further', () => {
  const cache = new LruCache<string>('test', 100);
  for (const key of ['a', 'b', 'c']) cache.add(key, 10);
  const choose = (bytes: number) => cache.chooseObjectsToEvict(bytes);
  assert.equal(choose(-5), { keys: [], bytes: 0 });
  assert.equal(choose(0), { keys: [], bytes: 0 });
  assert.equal(choose(1), { keys: ['a'], bytes: 10 });
  assert.equal(choose(10), { keys: ['a'], bytes: 10 });
  assert.equal(choose(11), { keys: ['a', 'b'], bytes: 20 });
  assert.equal(choose(1000), { keys: ['a', 'b', 'c'], bytes: 30 });
});

test('LruCache: choosing counts each time, and takes nothing out', () => {
  const cache = new LruCache<string>('test', 100);
  for (const key of ['a', 'b', 'c']) cache.add(key, 10);
  cache.chooseObjectsToEvict(15);
  cache.chooseObjectsToEvict(15);
  assert.is(cache.evictionCount, 4);
  assert.is(cache.evictedBytes, 40);
  assert.is(cache.count, 3);
  assert.is(cache.usedBytes, 30);
  cache.chooseObjectsToEvict(0);
  assert.is(cache.evictionCount, 4);
});

test('LruCache: removed and added again is the most recent one', () => {
  const cache = new LruCache<string>('test', 100);
  for (const key of ['a', 'b', 'c']) cache.add(key, 1);
  cache.add('a2', cache.remove('a'));
  cache.add('a', 1);
  assert.equal(keysOf(cache), ['a', 'a2', 'c', 'b']);
});

test('LruCache: whoever looks through it may take keys out meanwhile', () => {
  const cache = new LruCache<string>('test', 100);
  for (const key of ['a', 'b', 'c']) cache.add(key, 1);
  const seen: string[] = [];
  cache.forEach((key, sizeBytes) => {
    seen.push(key);
    assert.is(cache.remove(key), sizeBytes);
  });
  assert.equal(seen, ['c', 'b', 'a']);
  assert.is(cache.count, 0);
});

test('EvictionPolicy: an object can be evicted from its creation until somebody uses it, and after', () => {
  const { policy } = fixture(100, { a: 10, b: 20 });
  assert.not(policy.isObjectExists('a'));
  policy.objectCreated('a');
  assert.ok(policy.isObjectExists('a'));
  assert.is(policy.pinnedBytes, 0);
  policy.beginObjectAccess('a');
  assert.not(policy.isObjectExists('a'));
  assert.is(policy.pinnedBytes, 10);
  policy.objectCreated('b');
  policy.beginObjectAccess('b');
  assert.is(policy.pinnedBytes, 30);
  policy.endObjectAccess('a');
  assert.ok(policy.isObjectExists('a'));
  assert.is(policy.pinnedBytes, 20);
});

test('EvictionPolicy: used last, evicted last; never used goes by its creation', () => {
  const { policy } = fixture(100, { a: 10, b: 10, c: 10 });
  for (const id of ['a', 'b', 'c']) policy.objectCreated(id);
  policy.beginObjectAccess('a');
  assert.equal(policy.chooseObjectsToEvict(0).keys, []);
  policy.endObjectAccess('a');
  assert.equal(policy.chooseObjectsToEvict(30), { keys: ['b', 'c', 'a'], bytes: 30 });
});

test('EvictionPolicy: of those used together, the one that was left last goes last', () => {
  const { policy } = fixture(100, { a: 10, b: 10, c: 10 });
  for (const id of ['a', 'b', 'c']) policy.objectCreated(id);
  for (const id of ['c', 'b', 'a']) policy.beginObjectAccess(id);
  for (const id of ['b', 'a', 'c']) policy.endObjectAccess(id);
  assert.equal(policy.chooseObjectsToEvict(30).keys, ['b', 'a', 'c']);
});

test('EvictionPolicy: what is chosen is no candidate any more, what is in use never is', () => {
  const { policy } = fixture(100, { a: 10, b: 10, c: 10, d: 10 });
  for (const id of ['a', 'b', 'c', 'd']) policy.objectCreated(id);
  policy.beginObjectAccess('b');
  assert.equal(policy.chooseObjectsToEvict(15), { keys: ['a', 'c'], bytes: 20 });
  assert.not(policy.isObjectExists('a'));
  assert.equal(policy.chooseObjectsToEvict(15), { keys: ['d'], bytes: 10 });
  assert.equal(policy.chooseObjectsToEvict(15), { keys: [], bytes: 0 });
});

test('EvictionPolicy: removing is for any object; one in use leaves the bytes in use as well', () => {
  const { policy } = fixture(100, { a: 10, b: 20 });
  policy.removeObject('unknown');
  policy.objectCreated('a');
  policy.objectCreated('b');
  policy.removeObject('a');
  policy.removeObject('a');
  assert.not(policy.isObjectExists('a'));
  policy.beginObjectAccess('b');
  policy.removeObject('b');
  assert.is(policy.pinnedBytes, 0);
  policy.objectCreated('b');
  assert.ok(policy.isObjectExists('b'));
});

test('EvictionPolicy: the size is looked up each time', () => {
  const { policy, sizeOf } = fixture(100, { a: 10 });
  policy.objectCreated('a');
  sizeOf.set('a', 15);
  assert.is(policy.chooseObjectsToEvict(1).bytes, 10);
  policy.beginObjectAccess('a');
  assert.is(policy.pinnedBytes, 15);
  policy.endObjectAccess('a');
  assert.is(policy.pinnedBytes, 0);
  assert.is(policy.chooseObjectsToEvict(1).bytes, 15);
});

test('EvictionPolicy: created or begun twice, ended without beginning, or unknown is fatal', () => {
  const { policy } = fixture(100, { a: 10, b: 20 });
  policy.objectCreated('a');
  assert.throws(() => policy.objectCreated('a'), isInvariant);
  assert.throws(() => policy.endObjectAccess('a'), isInvariant);
  assert.throws(() => policy.endObjectAccess('b'), isInvariant);
  policy.beginObjectAccess('a');
  assert.throws(() => policy.beginObjectAccess('a'), isInvariant);
  assert.is(policy.pinnedBytes, 10);
  assert.throws(() => policy.objectCreated('unknown'), isInvariant);
  assert.throws(() => policy.beginObjectAccess('unknown'), isInvariant);
});

/** Ten objects of 10 bytes, a to j, and what is chosen for a new one. */
function chosenFor(footprintLimitBytes: number, allocatedBytes: number, bytes: number) {
  const ids = [...'abcdefghij'];
  const { policy, memory } = fixture(footprintLimitBytes, Object.fromEntries(ids.map((id) => [id, 10])));
  for (const id of ids) policy.objectCreated(id);
  memory.allocatedBytes = allocatedBytes;
  const { keys, requiredMinusEvictedBytes } = policy.requireSpace(bytes);
  for (const key of keys) assert.not(policy.isObjectExists(key));
  return [keys.join(''), requiredMinusEvictedBytes];
}

test('EvictionPolicy: as much as is required, when that is more than a fifth', () => {
  assert.equal(chosenFor(100, 100, 30), ['abc', 0]);
  assert.equal(chosenFor(100, 100, 31), ['abcd', -9]);
  assert.equal(chosenFor(100, 90, 40), ['abc', 0]);
  assert.equal(chosenFor(100, 100, 100), ['abcdefghij', 0]);
  assert.equal(chosenFor(100, 100, 101), ['abcdefghij', 1]);
});

test('EvictionPolicy: a fifth of the limit at least, also when little or less than nothing is required', () => {
  assert.equal(chosenFor(100, 100, 1), ['ab', -19]);
  assert.equal(chosenFor(100, 100, 20), ['ab', 0]);
  assert.equal(chosenFor(100, 100, 0), ['ab', -20]);
  assert.equal(chosenFor(100, 10, 10), ['ab', -100]);
});

test('EvictionPolicy: a fifth is rounded down', () => {
  assert.equal(chosenFor(54, 54, 1), ['a', -9]);
  assert.equal(chosenFor(55, 55, 1), ['ab', -19]);
  assert.equal(chosenFor(4, 4, 0), ['', 0]);
  assert.equal(chosenFor(4, 4, 1), ['a', -9]);
});

test('EvictionPolicy: the books are read each time, the limit as well', () => {
  const { policy, memory } = fixture(100, { a: 10, b: 10, c: 10 });
  for (const id of ['a', 'b', 'c']) policy.objectCreated(id);
  memory.allocatedBytes = 100;
  memory.footprintLimitBytes = 50;
  assert.equal(policy.requireSpace(-50), { keys: ['a'], requiredMinusEvictedBytes: -10 });
  memory.allocatedBytes = 0;
  assert.equal(policy.requireSpace(0), { keys: ['b'], requiredMinusEvictedBytes: -60 });
});

test.run();
