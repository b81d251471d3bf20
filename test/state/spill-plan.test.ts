import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  backgroundSpillTarget,
  chooseSpillBatch,
  SPILL_OBJECTS_MAX,
  type SpillCandidate,
  spillTarget,
} from '../../src/state/spill-plan.ts';

const CAPACITY = 1000;

function candidates(
  ...idleAndBytes: readonly (readonly [idleMs: number, bytes: number])[]
): SpillCandidate[] {
  return idleAndBytes.map(([idleMs, blockBytes], slot) => ({ slot, generation: 1, blockBytes, idleMs }));
}

test('a create moves what it lacks, and at least a fifth of the memory', () => {
  assert.is(spillTarget(500, 100, CAPACITY), 400);
  assert.is(spillTarget(100, 50, CAPACITY), 200);
  assert.is(spillTarget(100, 900, CAPACITY), 200, 'there is enough, but not in one piece');
});

test("in the background nothing moves below Ray's 80 %, and from there on down to 60 %", () => {
  assert.is(backgroundSpillTarget(799, CAPACITY), 0);
  assert.is(backgroundSpillTarget(800, CAPACITY), 200);
  assert.is(backgroundSpillTarget(1000, CAPACITY), 400);
});

test('the least recently used go first, until it is enough', () => {
  const all = candidates([5, 10], [50, 10], [1, 10], [20, 10]);
  const slots = (target: number): number[] => chooseSpillBatch(all, target).map(({ slot }) => slot);
  assert.equal(slots(0), []);
  assert.equal(slots(1), [1]);
  assert.equal(slots(10), [1]);
  assert.equal(slots(11), [1, 3]);
  assert.equal(slots(1_000), [1, 3, 0, 2]);
});

test('a batch has a limit of objects', () => {
  const many = candidates(...Array.from({ length: SPILL_OBJECTS_MAX + 5 }, (_, idle) => [idle, 1] as const));
  assert.is(chooseSpillBatch(many, Number.MAX_SAFE_INTEGER).length, SPILL_OBJECTS_MAX);
});

test('no chosen object is younger than one left behind, and none is chosen in vain', () => {
  const some = fc.array(fc.tuple(fc.nat(100), fc.integer({ min: 1, max: 50 })), { maxLength: 60 });
  fc.assert(
    fc.property(some, fc.nat(2_000), (list, target) => {
      const all = candidates(...list);
      const batch = chooseSpillBatch(all, target);
      const left = all.filter((one) => !batch.includes(one));
      const youngest = Math.min(...batch.map(({ idleMs }) => idleMs));
      assert.ok(left.every(({ idleMs }) => batch.length === 0 || idleMs <= youngest));
      const bytes = (of: readonly SpillCandidate[]): number =>
        of.reduce((sum, { blockBytes }) => sum + blockBytes, 0);
      assert.ok(left.length === 0 || bytes(batch) >= target);
      assert.ok(batch.length === 0 || bytes(batch.slice(0, -1)) < target);
    }),
  );
});

test.run();
