/**
 * Ray's fallback_allocator_test and allocator_test, driving the real pools through `PoolAllocator`, on a real temporary directory.
 *
 * Ray's limit is 2 MiB and 2048 bytes of overhead, which its two blocks of 1 MiB with their headers just fit into.
 * Plasmoid's pool has no headers: it is exactly the 2 MiB, and the two blocks fill it to the last byte.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Allocator } from '../../src/pools/allocator/allocator.ts';
import { InvalidArgumentError, InvariantError } from '../../src/state/errors.ts';
import type { Allocation } from '../../src/state/objects/object-info.ts';
import { ObjectLifecycleManager } from '../../src/state/objects/object-lifecycle-manager.ts';
import { OBJECT_SOURCE } from '../../src/state/objects/plasma-error.ts';
import { UNIT_BYTES } from '../../src/state/slot-layout.ts';
import { infoOf } from '../support/objects.ts';
import { ALLOCATION_OVERHEAD_BYTES, PoolAllocator } from '../support/pool-allocator.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const LIMIT = ALLOCATION_OVERHEAD_BYTES + 2 * MIB;

/** A fallback file of 16 MiB: as sparse as Ray's directory is empty. */
function withAllocator(run: (allocator: PoolAllocator, directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'plasmoid-fallback-'));
  try {
    using allocator = new PoolAllocator(directory, LIMIT, 16 * MIB);
    run(allocator, directory);
    allocator.verify();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function success(allocation: Allocation | undefined, fallbackAllocated: boolean): Allocation {
  if (allocation === undefined) throw new Error('no block');
  assert.is(allocation.fallbackAllocated, fallbackAllocated);
  return allocation;
}

function books(allocator: PoolAllocator, allocatedBytes: number, fallbackAllocatedBytes: number): void {
  assert.is(allocator.allocatedBytes, allocatedBytes);
  assert.is(allocator.fallbackAllocatedBytes, fallbackAllocatedBytes);
}

test('FallbackPassThroughTest', () => {
  withAllocator((allocator) => {
    assert.is(allocator.footprintLimitBytes, LIMIT);
    {
      const first = success(allocator.allocate(900 * KIB), false);
      const second = success(allocator.allocate(900 * KIB), false);
      books(allocator, 2 * 900 * KIB, 0);
      allocator.free(first);
      const third = success(allocator.allocate(900 * KIB), false);
      books(allocator, 2 * 900 * KIB, 0);
      allocator.free(second);
      allocator.free(third);
      books(allocator, 0, 0);
    }
    const first = success(allocator.allocate(MIB), false);
    books(allocator, MIB, 0);
    success(allocator.allocate(MIB), false);
    books(allocator, 2 * MIB, 0);
    assert.is(allocator.allocate(MIB), undefined);
    books(allocator, 2 * MIB, 0);

    const third = success(allocator.fallbackAllocate(MIB), true);
    books(allocator, 3 * MIB, MIB);
    success(allocator.fallbackAllocate(MIB), true);
    books(allocator, 4 * MIB, 2 * MIB);

    allocator.free(third);
    books(allocator, 3 * MIB, MIB);
    allocator.free(first);
    books(allocator, 2 * MIB, MIB);
    success(allocator.allocate(MIB), false);
    books(allocator, 3 * MIB, MIB);
  });
});

test('NoFallbackPassThroughTest', () => {
  using allocator = new PoolAllocator(tmpdir(), ALLOCATION_OVERHEAD_BYTES + 10 * MIB, 0);
  assert.is(allocator.footprintLimitBytes, ALLOCATION_OVERHEAD_BYTES + 10 * MIB);
  const blocks: Allocation[] = [];
  for (let count = 1; count <= 10; count++) {
    blocks.push(success(allocator.allocate(MIB), false));
    books(allocator, count * MIB, 0);
  }
  assert.is(allocator.allocate(MIB), undefined);
  books(allocator, 10 * MIB, 0);
  assert.is(allocator.fallbackAllocate(MIB), undefined);
  books(allocator, 10 * MIB, 0);
  const last = blocks.pop();
  if (last !== undefined) allocator.free(last);
  books(allocator, 9 * MIB, 0);
  success(allocator.allocate(MIB), false);
  books(allocator, 10 * MIB, 0);
  allocator.verify();
});

test('two blocks of 1 MiB fill the primary pool to its last byte: the overhead is not handed out', () => {
  withAllocator((allocator) => {
    for (let count = 0; count < 2; count++) success(allocator.allocate(MIB), false);
    assert.is(allocator.allocate(1), undefined);
    success(allocator.fallbackAllocate(1), true);
    books(allocator, 2 * MIB + 1, 1);
  });
});

test('FallbackAllocate takes free primary space, and that is no fallback allocation', () => {
  withAllocator((allocator) => {
    const first = success(allocator.fallbackAllocate(MIB), false);
    books(allocator, MIB, 0);
    success(allocator.fallbackAllocate(MIB), false);
    success(allocator.fallbackAllocate(MIB), true);
    books(allocator, 3 * MIB, MIB);
    allocator.free(first);
    success(allocator.fallbackAllocate(MIB), false);
    books(allocator, 3 * MIB, MIB);
  });
});

test('enough bytes in pieces are not enough, and a failure moves no counter', () => {
  withAllocator((allocator) => {
    const quarters = [0, 1, 2, 3].map(() => success(allocator.allocate(512 * KIB), false));
    for (const quarter of [quarters[0], quarters[2]]) if (quarter !== undefined) allocator.free(quarter);
    books(allocator, MIB, 0);
    assert.is(allocator.allocate(MIB), undefined);
    books(allocator, MIB, 0);
    success(allocator.fallbackAllocate(MIB), true);
    success(allocator.fallbackAllocate(512 * KIB), false);
    books(allocator, 2.5 * MIB, MIB);
  });
});

test('the books count what was asked for, blocks start at multiples of 64', () => {
  withAllocator((allocator) => {
    const sizes = [0, 1, 63, 64, 65, 1000, 900 * KIB, 900 * KIB, MIB];
    const blocks = sizes.map((size) => allocator.fallbackAllocate(size));
    books(
      allocator,
      sizes.reduce((sum, size) => sum + size, 0),
      MIB,
    );
    for (const [index, block] of blocks.entries()) {
      assert.is(block?.sizeBytes, sizes[index]);
      assert.is((block?.offsetBytes ?? 1) % 64, 0);
      if (block !== undefined) allocator.free(block);
    }
    books(allocator, 0, 0);
  });
});

test('blocks can be written to their last byte, and the fallback file has no name', () => {
  withAllocator((allocator, directory) => {
    const blocks = [MIB, MIB, MIB, 5000].map((size) => allocator.fallbackAllocate(size));
    for (const [index, block] of blocks.entries()) if (block) allocator.bytesOf(block).fill(index + 1);
    for (const [index, block] of blocks.entries()) {
      assert.ok(block && allocator.bytesOf(block).every((byte) => byte === index + 1));
    }
    assert.equal(readdirSync(directory), []);
  });
});

test('a manager over the real pools: evicts first, then goes to disk, and every book agrees', () => {
  withAllocator((allocator) => {
    const gone: number[] = [];
    const manager = ObjectLifecycleManager.over<number>({ allocator, nowMs: () => 0 }, (objectId) =>
      gone.push(objectId),
    );
    const create = (objectId: number) =>
      manager.createReferencedObject(infoOf(objectId, 900 * KIB), OBJECT_SOURCE.CreatedByWorker, true).object;
    const live = () => [1, 2, 3, 4].flatMap((objectId) => manager.getObject(objectId) ?? []);
    const check = (ids: readonly number[], onDiskBytes: number): void => {
      manager.stats.verifyAgainst(live());
      assert.equal(
        live().map(({ objectInfo }) => objectInfo.objectId),
        ids,
      );
      books(allocator, manager.stats.bytesCreatedCurrent, onDiskBytes);
      const { fallbackSealed, fallbackUnsealed } = manager.stats.stats;
      assert.is(fallbackSealed.bytes + fallbackUnsealed.bytes, onDiskBytes);
    };
    for (const objectId of [1, 2, 3]) {
      success(create(objectId)?.allocation, false);
      manager.sealObject(objectId);
      if (objectId === 1) manager.removeReference(1);
    }
    assert.equal(gone, [1]);
    check([2, 3], 0);
    success(create(4)?.allocation, true);
    check([2, 3, 4], 900 * KIB);
    for (const objectId of [2, 3]) manager.removeReference(objectId);
    assert.is(manager.requireSpace(MIB), 2 * 900 * KIB);
    check([4], 900 * KIB);
    manager.abortObject(4);
    check([], 0);
    assert.is(allocator.blockCount, 0);
  });
});

test('a limit that the overhead takes up is refused', () => {
  for (const limit of [ALLOCATION_OVERHEAD_BYTES, ALLOCATION_OVERHEAD_BYTES - 1, 0]) {
    assert.throws(
      () => Allocator.open({ capacityUnits: Math.floor((limit - ALLOCATION_OVERHEAD_BYTES) / UNIT_BYTES) }),
      (error: unknown) => error instanceof InvalidArgumentError,
    );
  }
});

test('freeing what is not allocated is fatal, and moves no counter', () => {
  withAllocator((allocator) => {
    const block = success(allocator.allocate(100), false);
    success(allocator.allocate(100), false);
    allocator.free(block);
    for (const address of [block.address, -1, 1000]) {
      assert.throws(
        () => allocator.free({ ...block, address }),
        (error: unknown) => error instanceof InvariantError,
      );
    }
    books(allocator, 100, 0);
  });
});

test('a disk without room is no block and no counter; what is freed returns to it at once', () => {
  using disk = mountSmallDisk(4);
  if (disk === undefined) return;
  using allocator = new PoolAllocator(disk.directory, LIMIT, 16 * MIB);
  const free = disk.freeBytes;
  for (let count = 0; count < 2; count++) success(allocator.fallbackAllocate(MIB), false);
  assert.is(disk.freeBytes, free);
  const blocks: Allocation[] = [];
  for (let block = allocator.fallbackAllocate(MIB); block; block = allocator.fallbackAllocate(MIB)) {
    blocks.push(success(block, true));
    assert.is(disk.freeBytes, free - blocks.length * MIB, 'reserved before it is written');
  }
  assert.is(blocks.length, Math.floor(free / MIB));
  books(allocator, (2 + blocks.length) * MIB, blocks.length * MIB);
  assert.is(allocator.blockCount, 2 + blocks.length, 'a failure keeps no part of the file');
  books(allocator, (2 + blocks.length) * MIB, blocks.length * MIB);
  for (const block of blocks) allocator.free(block);
  assert.is(disk.freeBytes, free);
  books(allocator, 2 * MIB, 0);
  for (const _ of blocks) success(allocator.fallbackAllocate(MIB), true);
});

test.run();
