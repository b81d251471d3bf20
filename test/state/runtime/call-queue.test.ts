import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CallQueue, type Queueable } from '../../../src/state/runtime/call-queue.ts';

class Queued implements Queueable {
  nextQueued: Queueable | undefined = undefined;
  previousQueued: Queueable | undefined = undefined;
  queuedIn: object | undefined = undefined;
  readonly priority: number;
  readonly name: number;

  constructor(name: number, priority: number) {
    this.name = name;
    this.priority = priority;
  }
}

test('by priority, then in order; what was on its way already comes first', () => {
  const queue = new CallQueue<Queued>();
  const calls = [0, 5, 0, -1, 5].map((priority, name) => new Queued(name, priority));
  for (const call of calls) queue.push(call);
  queue.push(new Queued(9, 0), true);
  assert.is(queue.peek()?.name, 1);
  const order = Array.from({ length: queue.size }, () => queue.shift()?.name);
  assert.equal(order, [1, 4, 9, 0, 2, 3]);
  assert.is(queue.shift(), undefined);
});

test('a call is removed once, from the queue it stands in', () => {
  const queue = new CallQueue<Queued>();
  const other = new CallQueue<Queued>();
  const call = new Queued(1, 0);
  queue.push(call);
  assert.is(other.remove(call), false);
  assert.is(queue.remove(call), true);
  assert.is(queue.remove(call), false);
  assert.is(queue.size, 0);
});

test('property: as a sorted list', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const step = fc.record({
    kind: fc.constantFrom('push', 'first', 'shift', 'remove'),
    priority: fc.integer({ min: -2, max: 2 }),
    index: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new CallQueue<Queued>();
      let model: Queued[] = [];
      let names = 0;
      for (const { kind, priority, index } of steps) {
        if (kind === 'push' || kind === 'first') {
          const call = new Queued(names++, priority);
          queue.push(call, kind === 'first');
          const place =
            kind === 'first'
              ? model.findIndex((other) => other.priority <= priority)
              : model.findIndex((other) => other.priority < priority);
          model.splice(place < 0 ? model.length : place, 0, call);
        } else if (kind === 'shift') {
          assert.is(queue.shift(), model.shift());
        } else {
          const call = model[index % Math.max(1, model.length)];
          if (call !== undefined) assert.is(queue.remove(call), true);
          model = model.filter((other) => other !== call);
        }
        assert.is(queue.size, model.length);
        assert.is(queue.peek(), model[0]);
      }
    }),
    { seed, numRuns: 500 },
  );
  console.log(`    seed ${seed}`);
});

test.run();
