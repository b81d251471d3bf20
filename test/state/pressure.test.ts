import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CollectionThrottle,
  FULL_GUESS_MS,
  FUTILE_PAUSE_FACTOR,
  FUTILE_PAUSE_MAX_MS,
  FUTILE_PAUSE_MIN_MS,
  LATE_REPORT_MS,
  PressureLadder,
  type PressureStep,
  REPORT_LIMIT_MS,
} from '../../src/state/pressure.ts';

const ROUND: readonly PressureStep[] = ['minorHere', 'minorEverywhere', 'fullHere', 'fullEverywhere'];
const ALL: readonly PressureStep[] = [...ROUND, 'evict', 'spill', 'disk'];

/** A clock, and an actor for whom no step helps. Every collection is reported after `stepMs`; there is nothing to spill. */
class World {
  nowMs = 1_000;
  readonly throttle = new CollectionThrottle();
  stepMs = 1;

  ladder(): PressureLadder {
    return new PressureLadder(this.throttle, this.nowMs);
  }

  /** Goes on to this step, which is under way then. */
  upTo(ladder: PressureLadder, step: PressureStep): void {
    while (ladder.advance(this.nowMs) !== step) ladder.collected(this.nowMs);
  }

  /** Takes steps until one of `last`; all of them. */
  climb(ladder: PressureLadder, ...last: PressureStep[]): PressureStep[] {
    const steps: PressureStep[] = [];
    for (;;) {
      const step = ladder.advance(this.nowMs);
      steps.push(step);
      assert.is(ladder.current, step);
      assert.ok(steps.length < 50, `no end: ${steps.join(' ')}`);
      if (last.includes(step)) return steps;
      if (ROUND.includes(step)) {
        this.nowMs += this.stepMs;
        ladder.collected(this.nowMs);
      }
      if (step === 'spill') ladder.spilled(this.nowMs, 0);
      this.nowMs = Math.max(this.nowMs, ladder.untilMs);
    }
  }
}

test('everything is tried in its order, then the new object on disk, then refusal', () => {
  const world = new World();
  const ladder = world.ladder();
  assert.is(ladder.current, undefined);
  assert.ok(ladder.untilMs <= world.nowMs, 'the first step is due at once');
  assert.equal(world.climb(ladder, 'refuse'), [...ALL, 'refuse']);
  assert.is(ladder.advance(world.nowMs), 'refuse', 'it stays the last');
});

test('a step is over with its report, or with its time', () => {
  const world = new World();
  const ladder = world.ladder();
  for (const step of ROUND) {
    assert.is(ladder.advance(world.nowMs), step);
    assert.is(ladder.untilMs, world.nowMs + (REPORT_LIMIT_MS[step] ?? 0));
    world.nowMs += 3;
    ladder.collected(world.nowMs);
    assert.is(ladder.untilMs, world.nowMs);
    // A second report changes nothing, nor does one that comes too late.
    ladder.collected(world.nowMs + 5);
    assert.is(ladder.untilMs, world.nowMs);
  }
  assert.is(ladder.advance(world.nowMs), 'evict');
  assert.is(ladder.advance(world.nowMs), 'spill');
  ladder.spilled(world.nowMs, 0);
  assert.is(ladder.advance(world.nowMs), 'disk');
  assert.is(ladder.untilMs, world.nowMs, 'the disk takes no time');
});

test('an asker that does not hear is asked by interrupt instead', () => {
  const world = new World();
  const ladder = world.ladder();
  ladder.advance(world.nowMs);
  world.nowMs = ladder.untilMs;
  assert.equal(world.climb(ladder, 'disk'), ['minorEverywhere', 'fullEverywhere', 'evict', 'spill', 'disk']);
});

test('after a round that did not help the disk is next, for ten times its length', () => {
  const world = new World();
  world.stepMs = 10;
  const startMs = world.nowMs + 10;
  world.climb(world.ladder(), 'disk');
  const endMs = world.nowMs;
  const pauseMs = (endMs - startMs) * FUTILE_PAUSE_FACTOR;
  assert.is(world.throttle.allowedFromMs, endMs + pauseMs);
  assert.is(world.throttle.lastRoundMs, startMs);
  assert.equal(world.climb(world.ladder(), 'disk'), ['minorHere', 'evict', 'spill', 'disk']);
  assert.is(world.throttle.allowedFromMs, endMs + pauseMs, 'a climb without a round prolongs nothing');
  world.nowMs = endMs + pauseMs - 20;
  // The minor collection takes 10 ms: the round begins while it is still forbidden.
  assert.equal(world.climb(world.ladder(), 'disk'), ['minorHere', 'evict', 'spill', 'disk']);
  world.nowMs = endMs + pauseMs;
  assert.equal(world.climb(world.ladder(), 'disk'), ALL);
});

test('the pause has bounds', () => {
  const throttle = new CollectionThrottle();
  throttle.reportFutile(0, 1);
  assert.is(throttle.allowedFromMs, 1 + FUTILE_PAUSE_MIN_MS);
  throttle.reportFutile(0, 100_000);
  assert.is(throttle.allowedFromMs, 100_000 + FUTILE_PAUSE_MAX_MS);
});

test('nobody is refused before what was left out is made up for', () => {
  const world = new World();
  world.climb(world.ladder(), 'disk');
  world.nowMs += 5;
  const ladder = world.ladder();
  const steps = world.climb(ladder, 'pause');
  assert.equal(steps, ['minorHere', 'evict', 'spill', 'disk', 'pause']);
  assert.is(ladder.untilMs, world.throttle.allowedFromMs);
  ladder.collected(world.nowMs);
  assert.is(ladder.untilMs, world.throttle.allowedFromMs, 'no report ends the pause');
  world.nowMs = ladder.untilMs;
  assert.equal(world.climb(ladder, 'refuse'), [
    'minorEverywhere',
    'fullHere',
    'fullEverywhere',
    'evict',
    'spill',
    'disk',
    'refuse',
  ]);
});

test('a round that began after a create came was for it, too', () => {
  const world = new World();
  const others = Array.from({ length: 20 }, () => world.ladder());
  world.nowMs += 1;
  world.climb(world.ladder(), 'refuse');
  const endMs = world.nowMs;
  for (const ladder of others)
    assert.equal(world.climb(ladder, 'refuse'), ['minorHere', 'evict', 'spill', 'disk', 'refuse']);
  assert.is(world.nowMs, endMs + 20 * world.stepMs, 'no pause, no round');
});

test('a create that would be refused waits for threads that have not reported', () => {
  for (const reports of [true, false]) {
    const world = new World();
    const ladder = world.ladder();
    world.upTo(ladder, 'fullEverywhere');
    world.nowMs = ladder.untilMs;
    assert.is(ladder.advance(world.nowMs), 'evict');
    assert.is(ladder.untilMs, world.nowMs, 'what is evicted is free at once');
    assert.is(ladder.advance(world.nowMs), 'spill');
    ladder.spilled(world.nowMs, 0);
    assert.is(ladder.advance(world.nowMs), 'disk', 'the disk does not wait for them');
    assert.is(ladder.advance(world.nowMs), 'pause');
    assert.is(ladder.untilMs, world.nowMs + LATE_REPORT_MS);
    if (reports) {
      world.nowMs += 7;
      ladder.collected(world.nowMs);
      assert.is(ladder.untilMs, world.nowMs);
    }
    world.nowMs = ladder.untilMs;
    assert.equal(world.climb(ladder, 'refuse'), ['spill', 'disk', 'refuse']);
  }
});

test('late reports between the last step and the pause are not waited for', () => {
  const world = new World();
  const ladder = world.ladder();
  world.upTo(ladder, 'fullEverywhere');
  world.nowMs = ladder.untilMs;
  assert.is(ladder.advance(world.nowMs), 'evict');
  assert.is(ladder.advance(world.nowMs), 'spill');
  ladder.spilled(world.nowMs, 0);
  assert.is(ladder.advance(world.nowMs), 'disk');
  ladder.collected(world.nowMs);
  assert.is(ladder.advance(world.nowMs), 'refuse');
});

test('moves to disk are waited for, and tried again for as long as they free memory', () => {
  const world = new World();
  const ladder = world.ladder();
  world.upTo(ladder, 'spill');
  for (const freedBytes of [100, 1]) {
    assert.is(ladder.untilMs, world.nowMs + (REPORT_LIMIT_MS.spill ?? 0));
    ladder.collected(world.nowMs);
    assert.ok(ladder.untilMs > world.nowMs, 'a late report of a collection ends no wait for the disk');
    world.nowMs += 20;
    ladder.spilled(world.nowMs, freedBytes);
    assert.is(ladder.untilMs, world.nowMs);
    assert.is(ladder.advance(world.nowMs), 'spill');
  }
  ladder.spilled(world.nowMs, 0);
  assert.is(ladder.advance(world.nowMs), 'disk');
  ladder.spilled(world.nowMs, 100);
  assert.is(ladder.advance(world.nowMs), 'refuse', 'moves that end later change nothing');
});

test('minor collections that free next to nothing earn a full one', () => {
  const world = new World();
  world.stepMs = 2;
  /** One create that a minor collection is enough for. */
  const serve = (freePart: number): PressureStep => {
    const ladder = world.ladder();
    const step = ladder.advance(world.nowMs);
    world.nowMs += world.stepMs;
    ladder.collected(world.nowMs);
    ladder.served(freePart);
    return step;
  };
  for (let index = 0; index < 1_000; index++) assert.is(serve(0.9), 'minorHere', 'good ones never do');
  for (let spentMs = 0; spentMs < FULL_GUESS_MS; spentMs += world.stepMs) assert.is(serve(0.01), 'minorHere');
  world.stepMs = 30;
  assert.is(serve(0.9), 'fullHere');
  // From now on it is known what a full one takes, and the account is empty.
  world.stepMs = 3;
  for (let spentMs = 0; spentMs < 30; spentMs += world.stepMs) assert.is(serve(0.01), 'minorHere');
  assert.is(serve(0.01), 'fullHere');
});

test('no full collection is due while rounds are forbidden', () => {
  const throttle = new CollectionThrottle();
  throttle.reportPoorMinor(FULL_GUESS_MS);
  assert.ok(throttle.isFullDue(0));
  throttle.reportFutile(0, 10);
  assert.not(throttle.isFullDue(10));
  assert.ok(throttle.isFullDue(throttle.allowedFromMs));
  throttle.reportFull(80);
  assert.not(throttle.isFullDue(throttle.allowedFromMs));
  throttle.reportPoorMinor(79);
  assert.not(throttle.isFullDue(throttle.allowedFromMs));
  throttle.reportPoorMinor(1);
  assert.ok(throttle.isFullDue(throttle.allowedFromMs));
});

test.run();
