import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ACTOR, CLIENT, controlLayout, HEADER, MAX_CLIENTS } from '../../src/state/control-layout.ts';
import { InvalidArgumentError } from '../../src/state/errors.ts';
import { renderNativeHeader } from '../../src/state/native-header.ts';
import { FALSE_SHARING_BYTES } from '../../src/state/ring-layout.ts';
import { ID_BYTES, SLOT, SLOT_BYTES } from '../../src/state/slot-layout.ts';

test('the C++ layout is what the TypeScript layout renders', () => {
  const committed = readFileSync(
    new URL('../../../native-bridge/generated/layout.h', import.meta.url),
    'utf8',
  );
  assert.is(committed, renderNativeHeader(), 'run `node scripts/generate-native-header.mjs`');
});

test('parts of the control region follow each other without overlap', () => {
  for (const maxObjects of [1, 7, 1000, 1 << 20, 1 << 24]) {
    const layout = controlLayout(maxObjects);
    const parts = [
      [layout.clientsOffset, MAX_CLIENTS * layout.clientBytes],
      [layout.ledgersOffset, MAX_CLIENTS * layout.ledgerBytes],
      [layout.ownersOffset, maxObjects * 2],
      [layout.bucketsOffset, layout.bucketCount * 4],
      [layout.objectsOffset, maxObjects * SLOT_BYTES],
    ] as const;
    let end = Math.max(HEADER.TOTAL_BYTES * 4, ACTOR.CLIENT_HIGH_WATER * 4) + 4;
    for (const [offset, bytes] of parts) {
      assert.ok(offset >= end, `${offset} after ${end} of ${maxObjects}`);
      assert.is(offset % FALSE_SHARING_BYTES, 0);
      end = offset + bytes;
    }
    assert.ok(layout.totalBytes >= end);
    assert.ok(layout.totalBytes < 2 ** 32, 'offsets are 32 bits');
    assert.ok(layout.bucketCount >= maxObjects && Number.isInteger(Math.log2(layout.bucketCount)));
    assert.ok(layout.ledgerBytes * 8 >= maxObjects);
  }
});

test('an object takes at most 128 bytes of the control region, with its index entry and one ledger bit', () => {
  const count = 1 << 20;
  const layout = controlLayout(count);
  const shared =
    layout.totalBytes - MAX_CLIENTS * (layout.clientBytes + layout.ledgerBytes) + layout.ledgerBytes;
  assert.ok(shared / count <= 128, `${shared / count} bytes`);
});

test('words of different writers are a false-sharing distance apart', () => {
  for (const words of [Object.values(ACTOR), Object.values(CLIENT)]) {
    const sorted = [...words].sort((one, other) => one - other);
    for (let index = 1; index < sorted.length; index++) {
      assert.ok(((sorted[index] ?? 0) - (sorted[index - 1] ?? 0)) * 4 >= FALSE_SHARING_BYTES);
    }
  }
});

test('the hot words of a slot never straddle a cache line', () => {
  const hotBytes = (SLOT.FORMAT + 1) * 4;
  for (let slot = 0; slot < 64; slot++) {
    const start = slot * SLOT_BYTES;
    assert.is(Math.floor(start / 64), Math.floor((start + hotBytes - 1) / 64));
    assert.is((start + SLOT.SIZE_LOW * 4) % 8, 0);
  }
  assert.ok(SLOT.ID * 4 + ID_BYTES <= SLOT.NEXT_FREED * 4);
});

test('a number of objects out of range is refused by name', () => {
  for (const wrong of [0, -1, 1.5, Number.NaN, 2 ** 24 + 1]) {
    assert.throws(
      () => controlLayout(wrong),
      (error: unknown) => error instanceof InvalidArgumentError && error.values.name === 'maxObjects',
    );
  }
});

test.run();
