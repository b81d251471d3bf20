/**
 * Ray's mutable_object_provider_test, on channels of a real store. There the provider carries versions to other nodes; here
 * each end has a connection of its own. And the order of errors that Ray's manager keeps: ray-semantics.md §7.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Channel,
  ChannelError,
  type ChannelReader,
  ChannelTimeoutError,
  ChannelUsageError,
  type ChannelWriter,
  Store,
} from '../../src/index.ts';
import { failure } from '../support/rejection.ts';

interface Ends {
  readonly channel: Channel<Uint8Array>;
  readonly writer: ChannelWriter<Uint8Array>;
  readonly reader: ChannelReader<Uint8Array>;
}

/** A writer and a reader, each in a connection of its own, as on two nodes. */
async function withEnds(run: (ends: Ends) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: '1MiB', spillLimit: 0 });
  const [near, far] = [await Store.connect(store.handle), await Store.connect(store.handle)];
  const channel = Channel.create<Uint8Array>(store);
  const writer = Channel.connect<Uint8Array>(near, channel.token).openWriter();
  const reader = Channel.connect<Uint8Array>(far, channel.token).openReader();
  await run({ channel, writer, reader });
  writer.abort();
  reader.close();
  await store.verify();
  for (const connection of [near, far, store]) await connection.close();
}

const isEnded = (call: () => unknown) => failure(call, ChannelError, 'ChannelError');
const isMisuse = (call: () => unknown) => failure(call, ChannelUsageError, 'Invalid');

/** An empty version, as Ray's tests write it. */
async function writeEmpty(writer: ChannelWriter<Uint8Array>): Promise<void> {
  await writer.writeAcquire(0);
  writer.writeRelease();
}

test('RegisterWriterChannel: what was written is with the reader exactly once', () =>
  withEnds(async ({ writer, reader }) => {
    assert.is(reader.unread, 0);
    await writeEmpty(writer);
    assert.is(reader.unread, 1);
    assert.is((await reader.read()).length, 0);
    assert.is(reader.unread, 0);
    await failure(() => reader.read({ timeout: 0 }), ChannelTimeoutError, 'ChannelTimeoutError');
  }));

test('MutableObjectBufferReadRelease: the next version is read only after the release', () =>
  withEnds(async ({ writer, reader }) => {
    await writeEmpty(writer);
    await reader.readAcquire();
    assert.is(reader.unread, 1, 'acquired is not read');
    reader.readRelease();
    assert.is(reader.unread, 0);
    await writer.write(Uint8Array.of(2));
    assert.equal(await reader.read(), Uint8Array.of(2));
  }));

test('HandlePushMutableObject: a version of no bytes can be read', () =>
  withEnds(async ({ writer, reader }) => {
    await writer.write(new Uint8Array(0));
    assert.is((await reader.readAcquire()).byteLength, 0);
    reader.readRelease();
  }));

test('MutableObjectBufferSetError: twice is once, and every call after it gets the error', () =>
  withEnds(async ({ channel, writer, reader }) => {
    await writeEmpty(writer);
    channel.close();
    channel.close();
    for (let count = 0; count < 2; count++) await isEnded(() => reader.readAcquire());
    for (let count = 0; count < 2; count++) await isEnded(() => writer.writeAcquire(0));
  }));

test('MutableObjectBufferSetErrorBeforeWriteRelease', () =>
  withEnds(async ({ channel, writer, reader }) => {
    await writer.writeAcquire(0);
    channel.close();
    channel.close();
    for (let count = 0; count < 2; count++) await isEnded(() => reader.readAcquire());
    await isEnded(() => writer.writeRelease());
    for (let count = 0; count < 2; count++) await isEnded(() => writer.writeAcquire(0));
  }));

test('MutableObjectBufferSetErrorBeforeReadRelease: a second read gets the error at once, though one is acquired', () =>
  withEnds(async ({ channel, writer, reader }) => {
    await writeEmpty(writer);
    await reader.readAcquire();
    channel.close();
    await isEnded(() => reader.readAcquire());
    await isEnded(() => reader.readRelease());
    await isEnded(() => reader.readAcquire());
    for (let count = 0; count < 2; count++) await isEnded(() => writer.writeAcquire(0));
  }));

test('on a channel that has ended, acquire and release may come in any order: all get the error', () =>
  withEnds(async ({ channel, writer, reader }) => {
    await writeEmpty(writer);
    await reader.readAcquire();
    await isMisuse(() => reader.readAcquire());
    await isMisuse(() => reader.readSync());
    await isMisuse(() => writer.writeRelease());
    reader.readRelease();
    await isMisuse(() => reader.readRelease());
    await writer.writeAcquire(5);
    await isMisuse(() => writer.writeAcquire(5));
    await isMisuse(() => writer.close());
    channel.close();
    await isEnded(() => writer.writeAcquire(5));
    await isEnded(() => writer.write(Uint8Array.of(1)));
    await isEnded(() => writer.writeRelease());
    await isEnded(() => writer.writeRelease());
    for (let count = 0; count < 2; count++) await isEnded(() => reader.readRelease());
  }));

test('a writer that has acquired leaves a channel that has ended without complaint', async () => {
  for (const leave of [
    (writer: ChannelWriter<Uint8Array>) => writer.close(),
    (writer: ChannelWriter<Uint8Array>) => writer.closeSync(),
  ]) {
    await withEnds(async ({ channel, writer }) => {
      const slot = await writer.writeAcquire(5);
      channel.close();
      await leave(writer);
      assert.not.ok(slot.isWriting);
    });
  }
});

test('a timeout of 0 is one attempt: what is there is read and written', () =>
  withEnds(async ({ writer, reader }) => {
    const now = { timeout: 0 };
    await failure(() => reader.read(now), ChannelTimeoutError, 'ChannelTimeoutError');
    await writer.write(Uint8Array.of(1), now);
    await failure(() => writer.write(Uint8Array.of(2), now), ChannelTimeoutError, 'ChannelTimeoutError');
    assert.equal(await reader.readAcquire(now), Uint8Array.of(1));
    reader.readRelease();
    writer.writeSync(Uint8Array.of(2), now);
    assert.equal(reader.readSync(now), Uint8Array.of(2));
  }));

test.run();
