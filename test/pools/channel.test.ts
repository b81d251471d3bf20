/** The protocol of channels on plain memory: roles, versions, sleeping and waking, recovery; step by step on one thread. */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ChannelTable } from '../../src/pools/channel/channel-table.ts';
import { ReaderEnd } from '../../src/pools/channel/reader-end.ts';
import { NO_READERS, ROOM, WriterEnd } from '../../src/pools/channel/writer-end.ts';
import { ControlRegion } from '../../src/pools/control-region.ts';
import { CHANNEL_STATE, MAX_CHANNELS, MAX_DEPTH } from '../../src/state/channel-layout.ts';
import { controlLayout } from '../../src/state/control-layout.ts';

const WRITER = 0;
const READER = 10;
/** Version numbers pass 2^32 in the middle of each run. */
const NEAR_THE_END = 2 ** 32 - 5;

const layout = controlLayout(1);

function newTable(): ChannelTable {
  const buffer = new SharedArrayBuffer(layout.totalBytes);
  return new ChannelTable(ControlRegion.initialise(buffer, layout, new Uint8Array(12)));
}

function openChannel(table: ChannelTable, readers: number, depth = 1, firstVersion = NEAR_THE_END) {
  const place = table.create(WRITER, readers, depth, firstVersion);
  assert.ok(place);
  const record = table.find(place);
  assert.ok(record);
  return { place, record };
}

function roles(table: ChannelTable, readers: number, depth = 1) {
  const { place, record } = openChannel(table, readers, depth);
  const writer = WriterEnd.acquire(record, WRITER);
  assert.ok(writer);
  const ends = Array.from({ length: readers }, (_, index) => {
    const end = ReaderEnd.acquire(record, READER + index);
    assert.ok(end);
    return end;
  });
  return { place, record, writer, readers: ends };
}

test('there is one writer in the life of a channel, and as many readers as it has seats', () => {
  const { record, writer } = roles(newTable(), 2);
  assert.is(WriterEnd.acquire(record, 7), undefined);
  assert.is(ReaderEnd.acquire(record, 7), undefined);
  writer.leave(CHANNEL_STATE.FINISHED);
  assert.is(record.state, CHANNEL_STATE.FINISHED);
  assert.is(WriterEnd.acquire(record, 7), undefined);
});

/** What a channel is: a list of versions, and how many of them each seat has read. */
interface NaiveChannel {
  versions: number;
  readonly depth: number;
  readonly seats: { client: number; read: number; isTaken: boolean }[];
}

function naiveUnread({ versions, seats }: NaiveChannel): number {
  return Math.max(0, ...seats.filter(({ isTaken }) => isTaken).map(({ read }) => versions - read));
}

const stepArbitrary = fc.record({ what: fc.constantFrom('write', 'read', 'leave', 'sit'), seat: fc.nat(7) });

test('reads and writes as a list of versions does, also where the numbers wrap around', () => {
  const shape = fc.record({
    readers: fc.integer({ min: 1, max: 8 }),
    depth: fc.integer({ min: 1, max: MAX_DEPTH }),
    steps: fc.array(stepArbitrary, { maxLength: 120 }),
  });
  const table = newTable();
  fc.assert(
    fc.property(shape, ({ readers: count, depth, steps }) => {
      const { record, writer, readers, place } = roles(table, count, depth);
      const naive: NaiveChannel = {
        versions: 0,
        depth,
        seats: readers.map((_, index) => ({ client: READER + index, read: 0, isTaken: true })),
      };
      let nextClient = READER + count;
      for (const { what, seat: number } of steps) {
        const seat = number % count;
        const model = naive.seats[seat];
        const reader = readers[seat];
        assert.ok(model && reader);
        if (what === 'write') {
          const laggard = writer.laggard();
          const isFull = naiveUnread(naive) >= depth;
          const isDeserted = naive.seats.every(({ isTaken }) => !isTaken);
          assert.is(laggard === NO_READERS, isDeserted);
          assert.is(laggard === ROOM, !isFull && !isDeserted);
          if (laggard !== ROOM) continue;
          naive.versions++;
          writer.publish(naive.versions, naive.versions * 3);
        } else if (what === 'read' && model.isTaken) {
          assert.is(reader.unread, naive.versions - model.read);
          if (reader.unread === 0) continue;
          model.read++;
          assert.equal(reader.next, { slot: model.read, generation: model.read * 3 });
          reader.advance();
        } else if (what === 'leave' && model.isTaken) {
          reader.leave();
          model.isTaken = false;
        } else if (what === 'sit' && naive.seats.some(({ isTaken }) => !isTaken)) {
          const next = ReaderEnd.acquire(record, nextClient++ % 200);
          assert.ok(next);
          readers[next.seat] = next;
          naive.seats[next.seat] = { client: 0, read: naive.versions, isTaken: true };
        }
        assert.is(writer.unread, naiveUnread(naive));
        table.verify();
      }
      for (const reader of readers) reader.leave();
      writer.leave(CHANNEL_STATE.FINISHED);
      assert.is(table.openCount, 0);
      assert.is(place.channel, 0, 'the record was free again each time');
    }),
    { numRuns: 1000 },
  );
});

test('a reader that comes late reads from the first version on; one that follows another, from now on', () => {
  const { record } = openChannel(newTable(), 2, 4);
  const writer = WriterEnd.acquire(record, WRITER);
  const first = ReaderEnd.acquire(record, READER);
  assert.ok(writer && first);
  for (const version of [1, 2, 3]) writer.publish(version, 0);
  const late = ReaderEnd.acquire(record, READER + 1);
  assert.is(late?.unread, 3);
  first.leave();
  const heir = ReaderEnd.acquire(record, READER + 2);
  assert.is(heir?.seat, first.seat);
  assert.is(heir?.unread, 0);
  writer.publish(4, 0);
  assert.is(heir?.next.slot, 4);
});

test('who sleeps is rung: the reader by what is published, the writer by the one reader it sleeps for', () => {
  const { record, writer, readers } = roles(newTable(), 2);
  const [first, second] = readers;
  assert.ok(first && second);
  const bell = (end: WriterEnd | ReaderEnd): number => Atomics.load(record.words, end.bellIndex);
  const asleep = first.announceSleep();
  assert.is(asleep, bell(first));
  writer.publish(1, 0);
  assert.is(bell(first), (asleep ?? 0) + 1);
  assert.is(second.announceSleep(), undefined, 'there is something to read');
  // Both have the version to read: it sleeps for the first, and is not rung by the second.
  const parked = writer.announceSleep();
  assert.is(parked, bell(writer));
  second.advance();
  assert.is(bell(writer), parked);
  first.advance();
  assert.is(bell(writer), (parked ?? 0) + 1);
  assert.is(writer.announceSleep(), undefined);
});

test('the writer is rung by a reader that leaves, or is found dead', () => {
  const table = newTable();
  const { record, writer, readers } = roles(table, 2);
  writer.publish(1, 0);
  for (const end of [() => readers[0]?.leave(), () => table.leaveAll(READER + 1)]) {
    const parked = writer.announceSleep();
    assert.type(parked, 'number');
    end();
    assert.is.not(Atomics.load(record.words, writer.bellIndex), parked);
  }
  assert.is(writer.laggard(), NO_READERS);
});

test('an end rings everybody, whatever they wait for', () => {
  const { record, writer, readers } = roles(newTable(), 2);
  const asleep = readers[0]?.announceSleep();
  assert.ok(record.end(CHANNEL_STATE.CLOSED));
  assert.not.ok(record.end(CHANNEL_STATE.WRITER_LOST), 'it ends once');
  assert.is(record.state, CHANNEL_STATE.CLOSED);
  assert.is.not(Atomics.load(record.words, readers[0]?.bellIndex ?? 0), asleep);
  assert.is.not(Atomics.load(record.words, writer.bellIndex), 0);
});

test('the dead leave nothing: a writer ends the channel, a creator too, a reader is not waited for', () => {
  const table = newTable();
  const writersDeath = roles(table, 1);
  const creator = 33;
  const place = table.create(creator, 1, 1);
  assert.ok(place);
  const orphan = table.find(place);
  table.leaveAll(WRITER);
  assert.is(writersDeath.record.state, CHANNEL_STATE.WRITER_LOST);
  assert.is(orphan?.state, CHANNEL_STATE.OPEN);
  table.leaveAll(creator);
  assert.is(orphan?.state, CHANNEL_STATE.FREE, 'nobody had a role in it');
  table.leaveAll(READER);
  assert.is(writersDeath.record.state, CHANNEL_STATE.FREE);
  assert.is(table.openCount, 0);
});

test('what a role or token of an earlier life says is refused', () => {
  const table = newTable();
  const { place, record, writer, readers } = roles(table, 1);
  const [reader] = readers;
  writer.leave(CHANNEL_STATE.CLOSED);
  reader?.leave();
  const next = roles(table, 1);
  assert.is(next.place.channel, place.channel);
  assert.is.not(next.place.epoch, place.epoch);
  assert.is(record.state, CHANNEL_STATE.FREE);
  assert.is(ReaderEnd.acquire(record, 9), undefined);
  assert.is(WriterEnd.acquire(record, 9), undefined);
  assert.not.ok(record.end(CHANNEL_STATE.CLOSED));
  assert.not.ok(record.freeIfLeft());
  reader?.leave();
  assert.is(next.record.state, CHANNEL_STATE.OPEN);
  assert.is(next.record.readerOf(0), READER);
});

test('a role taken in the very moment in which the record is given back is void', () => {
  const table = newTable();
  const { record, place } = openChannel(table, 1);
  // The state is looked at first, then the role is taken: in between the channel ends, and nobody is there.
  record.end(CHANNEL_STATE.CLOSED);
  assert.ok(record.freeIfLeft());
  assert.is(ReaderEnd.acquire(record, READER), undefined);
  assert.not.ok(record.hasRoles);
  assert.ok(table.create(WRITER, 1, 1)?.epoch !== place.epoch);
});

test('a store has 1,024 channels; a place that never was is none', () => {
  const table = newTable();
  const places = Array.from({ length: MAX_CHANNELS }, () => table.create(WRITER, 1, 1));
  assert.ok(places.every((place, index) => place?.channel === index));
  assert.is(table.create(WRITER, 1, 1), undefined);
  table.leaveAll(WRITER);
  assert.is(table.openCount, 0);
  assert.is(table.create(WRITER, 1, 1)?.channel, 0);
  assert.is(newTable().find({ channel: 0, epoch: 0 }), undefined);
});

test('a record whose creator died while writing it is free again', () => {
  const table = newTable();
  const creator = 5;
  // As `create` does, up to the moment before it opens the record.
  const place = table.claim(creator);
  assert.is(place?.channel, 0);
  assert.is(table.create(1, 1, 1)?.channel, 1);
  table.leaveAll(creator);
  assert.is(table.create(1, 1, 1)?.channel, 0);
});

test.run();
