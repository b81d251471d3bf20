/** Layouts of shared memory: nothing overlaps, writers do not disturb each other, and C++ reads the same numbers. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CALL_SITE_TABLE_BYTES } from '../../src/state/call-site-layout.ts';
import {
  CHANNEL,
  CHANNEL_STATE,
  decodeChannelWord,
  encodeChannelWord,
  encodeRole,
  HOLDER,
  holderOf,
  MAX_CHANNELS,
  MAX_DEPTH,
  MAX_SEATS,
  nextEpoch,
  SEAT,
} from '../../src/state/channel-layout.ts';
import {
  ACTOR,
  CLIENT,
  CLIENT_STATE,
  CLOSED,
  type ControlLayout,
  controlLayout,
  HEADER,
  MAX_CLIENTS,
  MAX_OBJECTS_DEFAULT,
  MAX_OBJECTS_LIMIT,
  NONCE_BYTES,
  OWNER,
  RING_CAPACITY_WORDS,
} from '../../src/state/control-layout.ts';
import { InvalidArgumentError } from '../../src/state/errors.ts';
import {
  decodeHeader,
  FLAG_EVICTABLE_SHIFT,
  FLAG_NAMED_SHIFT,
  GENERATION_SHIFT,
  LOCATION_SHIFT,
  PINS_BITS,
  PINS_SHIFT,
  STATE_BITS,
} from '../../src/state/header-word.ts';
import { EVENTS, STATE_CODE, STATES } from '../../src/state/lifecycle/codes.ts';
import { deriveTable } from '../../src/state/lifecycle/table.ts';
import { renderNativeHeader } from '../../src/state/native-header.ts';
import { FALSE_SHARING_BYTES, ringTotalBytes } from '../../src/state/ring-layout.ts';
import { ID_BYTES, NAME, NAME_BYTES, SLOT, SLOT_BYTES, UNIT_BYTES } from '../../src/state/slot-layout.ts';

const COUNTS = [1, 2, 7, 8, 9, 1000, 65_536, 65_537, MAX_OBJECTS_DEFAULT, MAX_OBJECTS_LIMIT];

interface Part {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Every part of a control region, the clients' and their parts one by one. */
function partsOf(maxObjects: number, debug: boolean): Part[] {
  const layout = controlLayout(maxObjects, debug);
  const parts: Part[] = [];
  const add = (name: string, start: number, bytes: number): void => {
    parts.push({ name, start, end: start + bytes });
  };
  add('header', 0, HEADER.WORDS * 4);
  for (const [name, word] of Object.entries(ACTOR)) add(`actor ${name}`, word * 4, 4);
  for (const channel of [0, 1, MAX_CHANNELS - 1]) {
    const start = layout.channelsOffset + channel * CHANNEL.WORDS * 4;
    // A line each, for words that one thread writes or that change only when somebody sleeps or leaves.
    const addLine = (name: string, word: number, words: number): void =>
      add(`channel ${channel} ${name}`, start + word * 4, words * 4);
    addLine('state', CHANNEL.STATE, CHANNEL.DEPTH - CHANNEL.STATE + 1);
    addLine('writer', CHANNEL.PUBLISHED, CHANNEL.WRITER - CHANNEL.PUBLISHED + 1);
    addLine('sleep of readers', CHANNEL.READERS_ASLEEP, CHANNEL.READERS_BELL - CHANNEL.READERS_ASLEEP + 1);
    addLine('sleep of the writer', CHANNEL.WRITER_AWAITS, CHANNEL.WRITER_BELL - CHANNEL.WRITER_AWAITS + 1);
    addLine('versions', CHANNEL.VERSIONS, MAX_DEPTH * 2);
    for (const seat of [0, 1, MAX_SEATS - 1])
      addLine(`seat ${seat}`, CHANNEL.SEATS + seat * CHANNEL.SEAT_WORDS, SEAT.CURSOR - SEAT.ROLE + 1);
  }
  for (const client of [0, 1, MAX_CLIENTS - 1]) {
    const start = layout.clientsOffset + client * layout.clientBytes;
    for (const name of ['STATE', 'PARKING', 'COLLECTIONS'] as const) {
      add(`client ${client} ${name}`, start + CLIENT[name] * 4, 4);
    }
    add(`client ${client} requests`, start + layout.requestRingOffset, ringTotalBytes(RING_CAPACITY_WORDS));
    add(`client ${client} replies`, start + layout.replyRingOffset, ringTotalBytes(RING_CAPACITY_WORDS));
    add(`ledger ${client}`, layout.ledgersOffset + client * layout.ledgerBytes, Math.ceil(maxObjects / 8));
  }
  add('owners', layout.ownersOffset, maxObjects * 2);
  add('buckets', layout.bucketsOffset, layout.bucketCount * 4);
  add('objects', layout.objectsOffset, maxObjects * SLOT_BYTES);
  add('names', layout.namesOffset, maxObjects * NAME_BYTES);
  if (debug) add('call sites', layout.callSitesOffset, CALL_SITE_TABLE_BYTES);
  add('end', layout.totalBytes, 0);
  return parts;
}

/** Asserts that parts stand in order of their offsets, each starting a line of its own behind the one before. */
function assertApart(maxObjects: number, debug: boolean): void {
  const parts = partsOf(maxObjects, debug).sort(
    (one, other) => one.start - other.start || one.end - other.end,
  );
  let before = parts[0];
  for (const part of parts.slice(1)) {
    const what = `${part.name} at ${part.start} behind ${before?.name} to ${before?.end}, ${maxObjects} objects`;
    assert.ok(part.start >= (before?.end ?? 0), what);
    assert.is(part.start % FALSE_SHARING_BYTES, 0, what);
    before = part;
  }
}

test('parts of the control region never overlap, nor share a line, for any number of objects', () => {
  for (const maxObjects of COUNTS) for (const debug of [false, true]) assertApart(maxObjects, debug);
  fc.assert(fc.property(fc.integer({ min: 1, max: MAX_OBJECTS_LIMIT }), fc.boolean(), assertApart));
});

test('offsets fit their words, the index has a bucket for two objects at most, and ledgers have a bit per object', () => {
  for (const maxObjects of COUNTS) {
    const { debug, ...layout } = controlLayout(maxObjects, true);
    assert.is(debug, true);
    assert.is(layout.maxObjects, maxObjects);
    assert.ok(layout.totalBytes < 2 ** 32, 'offsets are 32 bits');
    assert.ok(layout.bucketCount <= maxObjects && maxObjects < 2 * layout.bucketCount);
    assert.ok(Number.isInteger(Math.log2(layout.bucketCount)), 'the index masks hashes');
    assert.ok(layout.ledgerBytes * 8 >= maxObjects);
    assert.ok(
      layout.clientBytes % FALSE_SHARING_BYTES === 0 && layout.ledgerBytes % FALSE_SHARING_BYTES === 0,
    );
    for (const value of Object.values(layout)) assert.ok(Number.isSafeInteger(value));
  }
  assert.ok(MAX_CLIENTS < OWNER.CLIENT_MASK, 'a client number plus one fits its bits of an owner');
  assert.is(OWNER.CLIENT_MASK & OWNER.ANSWER_BIT, 0);
  assert.is(FALSE_SHARING_BYTES, 128, 'processors fetch lines in pairs');
});

test('an object takes at most 128 bytes of the control region: slot, owner, bucket and a ledger bit', () => {
  const besideObjects = ({ clientBytes, ledgerBytes }: ControlLayout): number =>
    MAX_CHANNELS * CHANNEL.WORDS * 4 + MAX_CLIENTS * clientBytes + (MAX_CLIENTS - 1) * ledgerBytes;
  for (const maxObjects of [65_536, 65_537, 100_000, MAX_OBJECTS_DEFAULT, MAX_OBJECTS_LIMIT]) {
    const layout = controlLayout(maxObjects);
    const each = (layout.totalBytes - besideObjects(layout)) / maxObjects;
    assert.ok(each <= 128, `${each} bytes of ${maxObjects}`);
  }
  // A small table has the same parts; what they are rounded up to is all that comes on top.
  const small = controlLayout(1);
  const rest = small.totalBytes - besideObjects(small);
  assert.ok(rest <= 128 + (6 + Object.keys(ACTOR).length) * FALSE_SHARING_BYTES);
});

test('an object takes at most 128 bytes with all clients; one with a chosen id, with 208 of them', () => {
  // A ledger is reserved for each client, and its pages are committed where that client has ever held something.
  const bytesEach = ({ maxObjects, ledgerBytes }: ControlLayout, clients: number): number =>
    SLOT_BYTES + 2 + (clients * ledgerBytes) / maxObjects;
  const nameBytes = ({ maxObjects, bucketCount }: ControlLayout): number =>
    NAME_BYTES + (bucketCount * 4) / maxObjects;
  fc.assert(
    // Ledgers are rounded up to a line, which small tables notice.
    fc.property(fc.integer({ min: 2 ** 18, max: MAX_OBJECTS_LIMIT }), (maxObjects) => {
      const layout = controlLayout(maxObjects);
      assert.ok(bytesEach(layout, MAX_CLIENTS) <= 128, `${bytesEach(layout, MAX_CLIENTS)} bytes`);
      const named = bytesEach(layout, 207) + nameBytes(layout);
      assert.ok(named <= 128, `${named} bytes with a chosen id, of ${maxObjects}`);
    }),
  );
  const usual = controlLayout(MAX_OBJECTS_DEFAULT);
  assert.is(bytesEach(usual, MAX_CLIENTS), 98);
  assert.is(bytesEach(usual, 208) + nameBytes(usual), 128);
});

test('words of the header and of a slot do not overlap', () => {
  const spans = (words: Readonly<Record<string, number>>, wide: Readonly<Record<string, number>>) =>
    Object.entries(words).flatMap(([name, word]) =>
      Array.from({ length: wide[name] ?? 1 }, (_, index) => word + index),
    );
  const { WORDS: headerWords, ...headerFields } = HEADER;
  const header = spans(headerFields, { NONCE: NONCE_BYTES / 4 });
  assert.is(new Set(header).size, header.length);
  assert.ok(Math.max(...header) < headerWords);
  assert.ok(headerWords * 4 <= FALSE_SHARING_BYTES, 'written once, before anybody looks');
  const { WORDS, ...fields } = SLOT;
  const slot = spans(fields, {});
  assert.is(new Set(slot).size, slot.length);
  assert.ok(Math.max(...slot) < WORDS);
  assert.is(SLOT_BYTES, WORDS * 4);
  const { WORDS: nameWords, ...nameFields } = NAME;
  const name = spans(nameFields, { ID: ID_BYTES / 4 });
  assert.is(new Set(name).size, name.length);
  assert.ok(Math.max(...name) < nameWords);
  assert.is(NAME_BYTES, nameWords * 4);
});

test('a slot is one cache line, and what is 64 bits wide is aligned', () => {
  assert.is(SLOT_BYTES, 64);
  assert.is(controlLayout(1).objectsOffset % SLOT_BYTES, 0);
  assert.is((SLOT.HEADER * 4) % 8, 0);
  assert.is(SLOT.GENERATION, SLOT.HEADER + 1);
  assert.is(SLOT.SIZE_HIGH, SLOT.SIZE_LOW + 1);
  assert.is(UNIT_BYTES % 64, 0, 'every offset handed out is a multiple of 64');
});

test('a number of objects out of range is refused by name', () => {
  for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_OBJECTS_LIMIT + 1]) {
    assert.throws(
      () => controlLayout(wrong),
      (error: unknown) =>
        error instanceof InvalidArgumentError &&
        error.values.name === 'maxObjects' &&
        Object.is(error.values.value, wrong),
    );
  }
});

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    assert.is.not(dirname(folder), folder, 'no package.json above this file');
    folder = dirname(folder);
  }
  return folder;
}

test('the committed C++ layout is what the TypeScript layout renders', () => {
  const committed = readFileSync(join(packageRoot(), 'native-bridge/generated/layout.h'), 'utf8');
  assert.is(committed, renderNativeHeader(), 'run `node scripts/generate-native-header.mjs`');
});

test('the rendered C++ has every number, under a name of its own', () => {
  const text = renderNativeHeader();
  const rows = [...text.matchAll(/^ {4}\{([^}]*)\},/gm)].map((row) => (row[1] ?? '').split(', ').map(Number));
  assert.equal(rows.flat(), [...deriveTable()]);
  assert.is(rows.length, STATES.length);
  assert.ok(rows.every((row) => row.length === EVENTS.length));
  const constantsOf = (namespace: string): number[] => {
    const body = text.split(`namespace ${namespace} {`)[1]?.split('}')[0] ?? '';
    const found = [...body.matchAll(/ k(\w+) = (\d+);/g)];
    assert.is(new Set(found.map(([, name]) => name)).size, found.length, namespace);
    return found.map(([, , value]) => Number(value));
  };
  assert.equal(constantsOf('slot'), Object.values(SLOT));
  assert.equal(constantsOf('store_header'), Object.values(HEADER));
  assert.equal(constantsOf('actor'), Object.values(ACTOR));
  assert.equal(constantsOf('client_state'), Object.values(CLIENT_STATE));
  assert.equal(constantsOf('closed'), Object.values(CLOSED));
});

test('the parts of a header word are side by side', () => {
  assert.ok(STATES.length <= 1 << STATE_BITS);
  assert.is(LOCATION_SHIFT, STATE_BITS);
  assert.ok(FLAG_NAMED_SHIFT > LOCATION_SHIFT && FLAG_NAMED_SHIFT < PINS_SHIFT);
  assert.is(PINS_SHIFT + PINS_BITS, GENERATION_SHIFT);
  assert.is(PINS_BITS, 24);
});

test('a header word decodes to what went into it, from unsigned words and from signed ones', () => {
  const words = fc.record({
    state: fc.constantFrom(...STATES),
    location: fc.constantFrom('primary' as const, 'fallback' as const),
    named: fc.boolean(),
    evictable: fc.boolean(),
    pins: fc.oneof(fc.constantFrom(0, 1, 2 ** 23, 2 ** 24 - 1), fc.nat(2 ** 24 - 1)),
    generation: fc.oneof(fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  });
  fc.assert(
    fc.property(words, (parts) => {
      const word = { ...parts };
      const low =
        word.pins * 2 ** PINS_SHIFT +
        (word.named ? 1 << FLAG_NAMED_SHIFT : 0) +
        (word.evictable ? 1 << FLAG_EVICTABLE_SHIFT : 0) +
        (word.location === 'fallback' ? 1 << LOCATION_SHIFT : 0) +
        STATE_CODE[word.state];
      assert.equal(decodeHeader(low, word.generation), word);
      // As an Int32Array of the control region gives them.
      assert.equal(decodeHeader(low | 0, word.generation | 0), word);
    }),
  );
});

test('a state code that does not exist is an error', () => {
  for (let code = STATES.length; code < 1 << STATE_BITS; code++) {
    assert.throws(
      () => decodeHeader(code, 0),
      (error: unknown) => error instanceof RangeError && error.message.includes(String(code)),
    );
  }
});

test("a channel's words hold what was put into them, for every client and epoch", () => {
  const words = fc.record({
    state: fc.constantFrom(...Object.values(CHANNEL_STATE)),
    creator: fc.nat(MAX_CLIENTS),
    epoch: fc.nat(2 ** 20 - 1),
  });
  fc.assert(
    fc.property(words, (word) => {
      assert.equal(decodeChannelWord(encodeChannelWord(word)), { ...word });
      assert.is(encodeChannelWord(word) | 0, encodeChannelWord(word));
      assert.is(holderOf(encodeRole(word.epoch, word.creator)), word.creator);
      assert.is.not(encodeRole(word.epoch, word.creator), encodeRole(nextEpoch(word.epoch), word.creator));
    }),
  );
  assert.is(nextEpoch(2 ** 20 - 1), 0);
  assert.ok(MAX_CLIENTS < HOLDER.LEFT);
});

test.run();
