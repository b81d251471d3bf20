import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NIL } from '../../../src/pools/allocator/block-records.ts';
import { ClassCache } from '../../../src/pools/allocator/class-cache.ts';
import { classOf } from '../../../src/pools/allocator/size-class.ts';
import { Tlsf } from '../../../src/pools/allocator/tlsf.ts';

test('hands out the block of a class that came last', () => {
  const tlsf = new Tlsf(1000);
  const cache = new ClassCache(tlsf.records);
  const [first, second, other] = [tlsf.allocate(10), tlsf.allocate(10), tlsf.allocate(20)];
  cache.push(first, classOf(10));
  cache.push(other, classOf(20));
  cache.push(second, classOf(10));
  assert.is(cache.cachedUnits, 40);
  assert.is(cache.pop(classOf(10)), second);
  assert.is(cache.pop(classOf(10)), first);
  assert.is(cache.pop(classOf(10)), NIL);
  assert.is(cache.pop(classOf(20)), other);
  assert.is(cache.cachedUnits, 0);
});

test('a cached block is not allocated until it is handed out again', () => {
  const tlsf = new Tlsf(1000);
  const cache = new ClassCache(tlsf.records);
  const block = tlsf.allocate(10);
  cache.push(block, classOf(10));
  assert.throws(() => tlsf.free(block), /freed before/);
  cache.pop(classOf(10));
  tlsf.free(block);
  assert.is(tlsf.freeUnits, 1000);
});

test.run();
