import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import { bridge } from '../../src/pools/bridge.ts';
import { decodeHeader, FLAG_NAMED_SHIFT, LOCATION_SHIFT, PINS_SHIFT } from '../../src/state/header-word.ts';
import {
  EVENT_CODE,
  EVENTS,
  type ObjectEvent,
  type ObjectState,
  STATE_CODE,
  STATES,
} from '../../src/state/lifecycle/codes.ts';
import { lifecycleMachine } from '../../src/state/lifecycle/machine.ts';
import { BUMP_BIT, deriveTable, ILLEGAL, stepOf } from '../../src/state/lifecycle/table.ts';

const TWO_32 = 2n ** 32n;
const PINNED: readonly ObjectState[] = ['writing', 'referenced', 'deleting'];

function headerOf(state: ObjectState, pins: number, generation: number, flags = 0): bigint {
  const low = (BigInt(pins) << BigInt(PINS_SHIFT)) | BigInt(flags | STATE_CODE[state]);
  return (BigInt(generation) << 32n) | low;
}

function decode(header: bigint) {
  return decodeHeader(Number(header % TWO_32), Number(header / TWO_32));
}

/** Cells of a table that are not what the machine says, as `state × event`. */
function differences(table: Uint8Array): string[] {
  const found: string[] = [];
  for (const state of STATES) {
    for (const event of EVENTS) {
      const cell = table[STATE_CODE[state] * EVENTS.length + EVENT_CODE[event]] ?? ILLEGAL;
      const step = stepOf(state, event);
      const expected =
        step === undefined ? ILLEGAL : STATE_CODE[step.next] | (step.bumpsGeneration ? BUMP_BIT : 0);
      if (cell !== expected) found.push(`${state} × ${event}`);
    }
  }
  return found;
}

test('the table says what the machine says, for every state and event', () => {
  assert.equal(differences(deriveTable()), []);
});

test('a change of any one cell is caught', () => {
  for (let cell = 0; cell < STATES.length * EVENTS.length; cell++) {
    for (const other of [ILLEGAL, 0, STATE_CODE.tombstone, STATE_CODE.free | BUMP_BIT]) {
      const table = deriveTable();
      if (table[cell] === other) continue;
      table[cell] = other;
      assert.is(differences(table).length, 1, `cell ${cell} as ${other}`);
    }
  }
});

test('the bridge obeys the same table, for every state and event', () => {
  for (const state of STATES) {
    for (const event of EVENTS) {
      const step = stepOf(state, event);
      const pins = PINNED.includes(state) ? (event === 'unpinLast' ? 1 : 2) : 0;
      const before = headerOf(state, pins, 7, (1 << FLAG_NAMED_SHIFT) | (1 << LOCATION_SHIFT));
      const after = bridge.nextHeader(before, EVENT_CODE[event]);
      const what = `${state} × ${event}`;
      if (step === undefined) {
        assert.is(after, undefined, what);
        continue;
      }
      assert.ok(after !== undefined, what);
      const found = decode(after ?? 0n);
      assert.is(found.state, step.next, what);
      assert.is(found.generation, step.bumpsGeneration ? 8 : 7, what);
      assert.is(found.named, !step.bumpsGeneration, `${what}: flags go with their generation`);
      assert.is(found.location, step.bumpsGeneration ? 'primary' : 'fallback', what);
      const change = event === 'pin' ? 1 : event === 'unpin' || event === 'unpinLast' ? -1 : 0;
      assert.is(found.pins, pins + change, what);
    }
  }
});

test('generations wrap around', () => {
  const after = bridge.nextHeader(headerOf('released', 0, 0xffffffff), EVENT_CODE.reclaim);
  assert.is(after, 0n);
});

test('table, bridge and a running machine stay together under random events', () => {
  const covered = new Set<string>();
  // Mostly legal events: a walk of any events seldom gets far from `free`.
  const wish = fc.record({
    event: fc.constantFrom(...EVENTS),
    number: fc.nat(),
    isLegal: fc.integer({ min: 0, max: 4 }).map((choice) => choice > 0),
  });
  fc.assert(
    fc.property(fc.array(wish, { minLength: 100, maxLength: 300 }), (wishes) => {
      const table = deriveTable();
      const running = createActor(lifecycleMachine).start();
      let header = headerOf('free', 0, 0);
      for (const { event: anyEvent, number, isLegal } of wishes) {
        const before = decode(header);
        const legal = EVENTS.filter((event) => stepOf(before.state, event) !== undefined);
        const wished = isLegal ? (legal[number % legal.length] ?? anyEvent) : anyEvent;
        // Whoever gives a pin back knows from the word whether it is the last.
        const event: ObjectEvent =
          wished === 'unpin' || wished === 'unpinLast' ? (before.pins > 1 ? 'unpin' : 'unpinLast') : wished;
        covered.add(`${before.state} × ${event}`);
        running.send({ type: event });
        const cell = table[STATE_CODE[before.state] * EVENTS.length + EVENT_CODE[event]] ?? ILLEGAL;
        const next = bridge.nextHeader(header, EVENT_CODE[event]);
        assert.is(next === undefined, cell === ILLEGAL);
        header = next ?? header;
        const after = decode(header);
        assert.is(after.state, running.getSnapshot().value);
        assert.is(after.pins > 0, PINNED.includes(after.state), `${after.pins} pins in ${after.state}`);
      }
    }),
    { numRuns: 500 },
  );
  // `unpin` needs two pins, `unpinLast` one: in states without pins only `unpinLast` is ever chosen.
  const reachable = STATES.flatMap((state) =>
    EVENTS.filter((event) => event !== 'unpin' || state === 'referenced' || state === 'deleting').map(
      (event) => `${state} × ${event}`,
    ),
  );
  const missing = reachable.filter((pair) => !covered.has(pair));
  assert.equal(missing, []);
});

test('every state leads from free and back to it', () => {
  const reach = (from: ObjectState): Set<ObjectState> => {
    const seen = new Set<ObjectState>([from]);
    for (const state of seen) {
      for (const event of EVENTS) {
        const step = stepOf(state, event);
        if (step !== undefined) seen.add(step.next);
      }
    }
    return seen;
  };
  assert.is(reach('free').size, STATES.length);
  for (const state of STATES) assert.ok(reach(state).has('free'), state);
});

test.run();
