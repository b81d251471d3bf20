/** Table, machine and bridge say the same about every state and event, alone and along random lives of a slot. */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { bridge } from '../../src/pools/bridge.ts';
import {
  decodeHeader,
  FLAG_AWAITED_SHIFT,
  FLAG_EVICTABLE_SHIFT,
  FLAG_NAMED_SHIFT,
  LOCATION_SHIFT,
  PINS_SHIFT,
} from '../../src/state/header-word.ts';
import {
  EVENT_CODE,
  EVENTS,
  type ObjectEvent,
  type ObjectState,
  STATE_CODE,
  STATES,
} from '../../src/state/lifecycle/codes.ts';
import { lifecycleMachine, NEXT_GENERATION } from '../../src/state/lifecycle/machine.ts';
import { BUMP_BIT, deriveTable, ILLEGAL, stepOf } from '../../src/state/lifecycle/table.ts';

const TWO_32 = 2n ** 32n;
const PINNED: readonly ObjectState[] = ['writing', 'referenced', 'deleting'];
const FLAGS = (1 << FLAG_NAMED_SHIFT) | (1 << FLAG_EVICTABLE_SHIFT) | (1 << LOCATION_SHIFT);
const PAIRS = STATES.flatMap((state) => EVENTS.map((event) => ({ state, event })));

const cellIndex = (state: ObjectState, event: ObjectEvent): number =>
  STATE_CODE[state] * EVENTS.length + EVENT_CODE[event];

function headerOf(state: ObjectState, pins: number, generation: number, flags = 0): bigint {
  const low = (BigInt(pins) << BigInt(PINS_SHIFT)) | BigInt(flags | STATE_CODE[state]);
  return (BigInt(generation) << 32n) | low;
}

function decode(header: bigint) {
  return decodeHeader(Number(header % TWO_32), Number(header / TWO_32));
}

function pinsFor(state: ObjectState, event: ObjectEvent): number {
  if (!PINNED.includes(state)) return 0;
  return event === 'unpinLast' ? 1 : 2;
}

/** Cells as the machine says, one fresh snapshot per pair. */
function cellsOfMachine(): Uint8Array {
  const cells = new Uint8Array(PAIRS.length).fill(ILLEGAL);
  for (const { state, event } of PAIRS) {
    const step = stepOf(state, event);
    if (step === undefined) continue;
    cells[cellIndex(state, event)] = STATE_CODE[step.next] | (step.bumpsGeneration ? BUMP_BIT : 0);
  }
  return cells;
}

/** Cells as the bridge's steps reveal them. */
function cellsOfBridge(): Uint8Array {
  const cells = new Uint8Array(PAIRS.length).fill(ILLEGAL);
  for (const { state, event } of PAIRS) {
    const after = bridge.nextHeader(headerOf(state, pinsFor(state, event), 7), EVENT_CODE[event]);
    if (after === undefined) continue;
    const { state: next, generation } = decode(after);
    cells[cellIndex(state, event)] = STATE_CODE[next] | (generation === 8 ? BUMP_BIT : 0);
  }
  return cells;
}

const MACHINE_CELLS = cellsOfMachine();
const BRIDGE_CELLS = cellsOfBridge();

function isLegal(state: ObjectState, event: ObjectEvent): boolean {
  return MACHINE_CELLS[cellIndex(state, event)] !== ILLEGAL;
}

/** Pairs about which the three do not agree, each as `state × event`. */
function differences(table: Uint8Array): string[] {
  return PAIRS.filter(({ state, event }) => {
    const index = cellIndex(state, event);
    return table[index] !== MACHINE_CELLS[index] || table[index] !== BRIDGE_CELLS[index];
  }).map(({ state, event }) => `${state} × ${event}`);
}

test('table, machine and bridge say the same, for every state and event', () => {
  const table = deriveTable();
  assert.is(PAIRS.length, 9 * 15);
  assert.is(table.length, PAIRS.length);
  assert.is(new Set(PAIRS.map(({ state, event }) => cellIndex(state, event))).size, PAIRS.length);
  assert.equal(differences(table), []);
  // Seen from outside too: as many rules as the machine lists, each in its place.
  const listed = STATES.flatMap((state) =>
    Object.keys(lifecycleMachine.states[state]?.config.on ?? {}).map((event) => `${state} × ${event}`),
  );
  const legal = PAIRS.filter(({ state, event }) => table[cellIndex(state, event)] !== ILLEGAL);
  assert.equal(listed.sort(), legal.map(({ state, event }) => `${state} × ${event}`).sort());
});

test('a change of any one cell to anything else is caught, and named', () => {
  const derived = deriveTable();
  for (const { state, event } of PAIRS) {
    for (let other = 0; other < 256; other++) {
      const table = derived.slice();
      if (table[cellIndex(state, event)] === other) continue;
      table[cellIndex(state, event)] = other;
      assert.equal(differences(table), [`${state} × ${event}`], `as ${other}`);
    }
  }
});

test("the bridge's word is right in every part, for every state and event", () => {
  for (const { state, event } of PAIRS) {
    const step = stepOf(state, event);
    const pins = pinsFor(state, event);
    for (const generation of [0, 7, 2 ** 31 - 1, 2 ** 32 - 1]) {
      const after = bridge.nextHeader(headerOf(state, pins, generation, FLAGS), EVENT_CODE[event]);
      const what = `${state} × ${event} in generation ${generation}`;
      if (step === undefined) {
        assert.is(after, undefined, what);
        continue;
      }
      assert.ok(after !== undefined, what);
      const change = event === 'pin' ? 1 : event === 'unpin' || event === 'unpinLast' ? -1 : 0;
      const bumps = step.bumpsGeneration;
      const expected = {
        state: step.next,
        // Flags describe the object that has gone: they go with their generation.
        location: bumps ? 'primary' : 'fallback',
        named: !bumps,
        evictable: !bumps,
        pins: pins + change,
        generation: bumps ? (generation + 1) % 2 ** 32 : generation,
      };
      assert.equal(decode(after ?? 0n), expected, what);
    }
  }
});

test('pins take all their 24 bits, and never touch their neighbours', () => {
  const most = 2 ** 24 - 1;
  const before = headerOf('referenced', most - 1, 5, FLAGS);
  const full = bridge.nextHeader(before, EVENT_CODE.pin) ?? 0n;
  assert.equal(decode(full), { ...decode(before), pins: most });
  assert.is(bridge.nextHeader(full, EVENT_CODE.unpin), before);
  const last = bridge.nextHeader(headerOf('referenced', 1, 5, FLAGS), EVENT_CODE.unpinLast) ?? 0n;
  assert.equal(decode(last), { ...decode(before), state: 'sealed', pins: 0 });
});

/** One wish at one moment: a legal event of the current state, or any event at all. */
interface Wish {
  readonly legal: boolean;
  readonly pick: number;
  readonly flags: boolean;
}

const wishes = fc.array(
  fc.record({ legal: fc.boolean(), pick: fc.nat(10_000), flags: fc.boolean() }) satisfies fc.Arbitrary<Wish>,
  { minLength: 20, maxLength: 200, size: 'max' },
);

/** Which event a wish means. Whoever gives a pin back knows from the same word whether it is the last. */
function eventOf({ legal, pick }: Wish, state: ObjectState, pins: number): ObjectEvent {
  const possible = EVENTS.filter((event) => !legal || isLegal(state, event));
  const event = possible[pick % possible.length] ?? 'lease';
  const isChoice = isLegal(state, 'unpin') && isLegal(state, 'unpinLast');
  if (!isChoice || (event !== 'unpin' && event !== 'unpinLast')) return event;
  return pins > 1 ? 'unpin' : 'unpinLast';
}

/** Drives a table, a running machine and the bridge through one life; `state × event` of the first step they disagree on. */
function disagreement(table: Uint8Array, life: readonly Wish[], first: number, covered: Set<string>) {
  let generation = first;
  const running = createActor(
    lifecycleMachine.provide({
      actions: {
        [NEXT_GENERATION]: () => {
          generation = (generation + 1) % 2 ** 32;
        },
      },
    }),
  ).start();
  let header = headerOf('free', 0, first);
  let pins = 0;
  let flags = 0;
  for (const wish of life) {
    const state = decode(header).state;
    const event = eventOf(wish, state, pins);
    const pair = `${state} × ${event}`;
    covered.add(pair);
    const generationBefore = generation;
    running.send({ type: event });
    const cell = table[cellIndex(state, event)] ?? ILLEGAL;
    const next = bridge.nextHeader(header, EVENT_CODE[event]);
    if (next === undefined || cell === ILLEGAL) {
      if ((next === undefined) !== (cell === ILLEGAL) || running.getSnapshot().value !== state) return pair;
      continue;
    }
    pins += event === 'pin' ? 1 : event === 'unpin' || event === 'unpinLast' ? -1 : 0;
    const bumps = (cell & BUMP_BIT) !== 0;
    if (bumps !== (generation !== generationBefore)) return pair;
    if (bumps) flags = 0;
    if (event === 'spill') flags |= 1 << LOCATION_SHIFT;
    if ((cell & ~BUMP_BIT) !== STATE_CODE[decode(next).state]) return pair;
    const expected = headerOf(decode(next).state, pins, generation, flags);
    if (next !== expected || running.getSnapshot().value !== decode(next).state) return pair;
    if (pins > 0 !== PINNED.includes(decode(next).state)) return pair;
    // As the bridge does with the step that creates: flags are set along with it.
    if (wish.flags && (event === 'lease' || event === 'create')) flags |= FLAGS;
    header = next | BigInt(flags);
  }
  return undefined;
}

test('table, running machine and bridge stay together through random lives, and every pair is met', () => {
  const covered = new Set<string>();
  const generations = fc.oneof(fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32 - 2), fc.nat(2 ** 31 - 1));
  const table = deriveTable();
  fc.assert(
    fc.property(wishes, generations, (life, first) => {
      assert.is(disagreement(table, life, first, covered), undefined);
    }),
    { numRuns: 250 },
  );
  const missing = PAIRS.map(({ state, event }) => `${state} × ${event}`).filter((pair) => !covered.has(pair));
  assert.equal(missing, []);
  assert.is(covered.size, PAIRS.length);
});

test('random lives catch a change of any one cell', () => {
  const lives = fc.sample(wishes, { numRuns: 300, seed: 1 });
  const derived = deriveTable();
  for (const { state, event } of PAIRS) {
    const index = cellIndex(state, event);
    for (const change of [ILLEGAL, BUMP_BIT, 0x01, 0x04]) {
      const table = derived.slice();
      const cell = table[index] ?? ILLEGAL;
      if (cell === ILLEGAL && change === ILLEGAL) continue;
      table[index] = change === ILLEGAL ? ILLEGAL : cell === ILLEGAL ? change & 0x07 : cell ^ change;
      const found = lives.find((life) => disagreement(table, life, 0, new Set()) !== undefined);
      assert.ok(found !== undefined, `${state} × ${event} as ${table[index]}`);
      assert.is(disagreement(table, found ?? [], 0, new Set()), `${state} × ${event}`);
    }
  }
});

test('the mark of those who wait goes with the step that ends the writing, and with the generation', () => {
  const mark = 1n << BigInt(FLAG_AWAITED_SHIFT);
  for (const { state, event } of PAIRS) {
    const before = headerOf(state, pinsFor(state, event), 7) | mark;
    const after = bridge.nextHeader(before, EVENT_CODE[event]);
    if (after === undefined) continue;
    const ends = event === 'seal' || event === 'abort' || stepOf(state, event)?.bumpsGeneration === true;
    assert.is((after & mark) === 0n, ends, `${state} × ${event}`);
  }
});

test('generations wrap around', () => {
  for (const [state, event] of [
    ['released', 'reclaim'],
    ['leased', 'recall'],
    ['sealed', 'recycle'],
  ] as const) {
    const after = bridge.nextHeader(headerOf(state, 0, 2 ** 32 - 1, FLAGS), EVENT_CODE[event]) ?? 0n;
    assert.is(decode(after).generation, 0);
    assert.is(decode(after).state, stepOf(state, event)?.next);
  }
});

test('there are pins exactly in the pinned states, along every path with up to four windows', () => {
  const start = headerOf('free', 0, 0);
  const seen = new Set<bigint>([start]);
  for (const header of seen) {
    const { state, pins } = decode(header);
    assert.is(pins > 0, PINNED.includes(state), `${pins} pins in ${state}`);
    for (const event of EVENTS) {
      if (event === 'pin' && pins === 4) continue;
      // The count decides which of the two it is, where both are legal.
      const isWrong = (event === 'unpin' && pins === 1) || (event === 'unpinLast' && pins > 1);
      const next = isWrong ? undefined : bridge.nextHeader(header, EVENT_CODE[event]);
      if (next !== undefined) seen.add(next & 0xffffffffn);
    }
  }
  // In memory and on disk alike.
  const places = new Set([...seen].map((header) => `${decode(header).state} ${decode(header).pins}`));
  // Writing has one window, the others up to four.
  const many = ['referenced', 'deleting'].flatMap((state) => [1, 2, 3, 4].map((pins) => `${state} ${pins}`));
  const none = STATES.filter((state) => !PINNED.includes(state)).map((state) => `${state} 0`);
  assert.equal([...places].sort(), [...many, ...none, 'writing 1'].sort());
});

test('every state leads from free, and back to it', () => {
  const from = (state: ObjectState): string[] => {
    const fromState = lifecycleMachine.resolveState({ value: state });
    return getShortestPaths(lifecycleMachine, { fromState }).map((path) => String(path.state.value));
  };
  assert.equal(new Set(from('free')), new Set(STATES));
  for (const state of STATES) assert.ok(from(state).includes('free'), state);
});

test.run();
