// deadline: 240 s
/**
 * Ray's `mutable_object_test`, on channels of a real store with real threads: payloads of up to 128 bytes, 10,000 reads, 24
 * readers. What Ray does with semaphores held by the test is done here with the channel itself.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Channel, ChannelError, ChannelRoleTakenError, Store } from '../../src/index.ts';
import { failure } from '../support/rejection.ts';
import {
  type MutableObjectData,
  type ReaderOutcome,
  type Version,
  versionOf,
} from './mutable-object-worker.ts';

const READS = 10_000;
const HALF = 5_000;
const READERS = 24;

interface Fixture {
  readonly store: Store;
  readonly channel: Channel<Version>;
}

async function withChannel(readers: number, run: (fixture: Fixture) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: '16MiB', spillLimit: 0 });
  const channel = Channel.create<Version>(store, { readers });
  await run({ store, channel });
  await store.verify();
  // What was acquired and given up goes when the writable view is collected.
  assert.is(store.list().filter(({ state }) => state !== 'deleting').length, 0);
  await store.close();
}

interface Reader {
  readonly outcome: Promise<ReaderOutcome>;
  /** It has its seat; says so before its first read, or has ended. */
  readonly seated: Promise<unknown>;
  readonly exited: Promise<unknown>;
}

function startReaders({ store, channel }: Fixture, count: number): Reader[] {
  return Array.from({ length: count }, (_, index) => {
    const workerData: MutableObjectData = {
      role: 'mutable-object',
      store: store.handle,
      channel: channel.token,
      reads: READS,
      sync: index % 2 === 0,
    };
    const worker = new Worker(new URL('./mutable-object-worker.js', import.meta.url), {
      workerData,
      execArgv: [],
    });
    const exited = once(worker, 'exit');
    const seated = once(worker, 'message');
    const outcome = new Promise<ReaderOutcome>((resolve, reject) => {
      worker.on('message', (message) => message !== 'seated' && resolve(message));
      worker.on('error', reject);
    });
    return { outcome, seated, exited };
  });
}

async function outcomesOf(readers: readonly Reader[]): Promise<ReaderOutcome[]> {
  const outcomes = await Promise.all(readers.map(({ outcome }) => outcome));
  await Promise.all(readers.map(({ exited }) => exited));
  return outcomes;
}

for (const [name, count] of [
  ['TestBasic', 1],
  ['TestMultipleReaders', READERS],
] as const) {
  test(`${name}: every reader sees all values and metadata in order`, () =>
    withChannel(count, async (fixture) => {
      const readers = startReaders(fixture, count);
      const writer = fixture.channel.openWriter();
      for (let index = 0; index < READS; index++) writer.writeSync(versionOf(index));
      await writer.close();
      for (const outcome of await outcomesOf(readers))
        assert.equal(outcome, { read: READS, error: undefined });
    }));
}

test('TestWriterFails: readers have all but the last version at least, then the error', () =>
  withChannel(READERS, async (fixture) => {
    const readers = startReaders(fixture, READERS);
    const writer = fixture.channel.openWriter();
    for (let index = 0; index < HALF; index++) writer.writeSync(versionOf(index));
    fixture.channel.close();
    for (const { read, error } of await outcomesOf(readers)) {
      assert.is(error, 'ChannelError');
      assert.ok(read === HALF || read === HALF - 1, `${read}`);
    }
    writer.abort();
  }));

test('TestWriterFailsAfterAcquire: readers have all versions that were released, then the error', () =>
  withChannel(READERS, async (fixture) => {
    const readers = startReaders(fixture, READERS);
    const writer = fixture.channel.openWriter();
    for (let index = 0; index < HALF; index++) writer.writeSync(versionOf(index));
    writer.writeAcquireSync(20);
    fixture.channel.close();
    for (const outcome of await outcomesOf(readers))
      assert.equal(outcome, { read: HALF, error: 'ChannelError' });
    writer.abort();
  }));

test('TestReaderFails: a reader that stops, and ends the channel, ends it for the others and the writer', () =>
  withChannel(READERS, async (fixture) => {
    const failing = fixture.channel.openReader();
    const readers = startReaders(fixture, READERS - 1);
    const writer = fixture.channel.openWriter();
    const writing = failure(
      async () => {
        for (let index = 0; index < READS; index++) await writer.write(versionOf(index));
      },
      ChannelError,
      'ChannelError',
      120_000,
    );
    for (let index = 0; index < HALF; index++) {
      assert.equal(await failing.readAcquire(), versionOf(index));
      failing.readRelease();
    }
    fixture.channel.close();
    await writing;
    for (const { read, error } of await outcomesOf(readers)) {
      assert.is(error, 'ChannelError');
      // All have read what the writer's next but one write waited for; nobody could read further than one ahead.
      assert.ok(read >= HALF - 1 && read <= HALF + 1, `${read}`);
    }
    writer.abort();
    failing.close();
  }));

test('TestWriteAcquireDuringFailure: a writer that waits gets the error, and so does a second one', () =>
  withChannel(1, async ({ store, channel }) => {
    const reader = channel.openReader();
    const writer = channel.openWriter();
    await writer.write(versionOf(0));
    const waiting = failure(() => writer.write(versionOf(1)), ChannelError, 'ChannelError');
    await failure(async () => channel.openWriter(), ChannelRoleTakenError, 'AlreadyExists');
    channel.close();
    await waiting;
    assert.is(reader.unread, 1, 'nothing was written by the call that failed');
    await failure(() => writer.write(versionOf(1)), ChannelError, 'ChannelError');
    const again = Channel.connect(store, channel.token);
    await failure(async () => again.openWriter(), ChannelError, 'ChannelError');
    writer.abort();
    reader.close();
  }));

for (const [name, count] of [
  ['TestReadAcquireDuringFailure', 1],
  ['TestReadMultipleAcquireDuringFailure', READERS],
] as const) {
  test(`${name}: readers that wait have one version at most, then the error; later ones the error`, () =>
    withChannel(count, async (fixture) => {
      const readers = startReaders(fixture, count);
      await Promise.all(readers.map(({ seated }) => seated));
      const writer = fixture.channel.openWriter();
      writer.writeSync(versionOf(0));
      fixture.channel.close();
      for (const { read, error } of await outcomesOf(readers)) {
        assert.is(error, 'ChannelError');
        assert.ok(read <= 1, `${read}`);
      }
      for (const { read, error } of await outcomesOf(startReaders(fixture, count))) {
        assert.is(error, 'ChannelError');
        assert.is(read, 0);
      }
      writer.abort();
    }));
}

test('TestMutableObjectManagerDestruct: a reader and a writer of one channel, in two connections, leave in any order', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const store = await Store.create({ memory: '1MiB', spillLimit: 0 });
    const channel = Channel.create<Version>(store);
    const connections = [await Store.connect(store.handle), await Store.connect(store.handle)] as const;
    Channel.connect(connections[0], channel.token).openReader();
    Channel.connect(connections[1], channel.token).openWriter();
    for (const index of order) await connections[index === 0 ? 0 : 1].close();
    while ((await store.stats()).clientCount > 1);
    await store.verify();
    assert.not.ok(channel.isOpen, 'the writer has gone');
    await store.verify();
    await store.close();
  }
});

test.run();
