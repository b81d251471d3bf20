// deadline: 120 s
/** Channels as users see them: values and views, growth, waits and their ends, mistakes, and deaths of either side. */
import { once } from 'node:events';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Channel,
  ChannelError,
  ChannelFinishedError,
  ChannelRoleTakenError,
  ChannelTimeoutError,
  ChannelUsageError,
  ForeignRefError,
  InterruptedError,
  InvalidArgumentError,
  ObjectNotFoundError,
  ObjectStoreFullError,
  OutOfResourceError,
  Store,
  StoreClosedError,
  type WaitOptions,
} from '../../src/index.ts';
import { collect } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';
import { type ChannelData, isVersion, versionOf } from './channel-worker.ts';

const MEBIBYTE = 2 ** 20;

async function withStore(run: (store: Store) => Promise<void>, memory = 4 * MEBIBYTE): Promise<void> {
  const store = await Store.create({ memory, spillLimit: 0 });
  await run(store);
  await store.verify();
  await store.close();
}

function start(store: Store, channel: Channel<Float64Array>, role: ChannelData['role']) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ChannelData = { role, store: store.handle, channel: channel.token, progress };
  const url = new URL('./channel-worker.js', import.meta.url);
  const worker = new Worker(url, { workerData, execArgv: [] });
  const exited = once(worker, 'exit');
  const answer = once(worker, 'message').then(([message]): string => message);
  answer.catch(() => {});
  const reached = async (count: number): Promise<void> => {
    while (Atomics.load(progress, 0) < count) await delay(1);
  };
  return { worker, exited, answer, reached };
}

test('values of any kind and size, one after the other; views of old versions stay true', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array | string | { a: number[] }>(store, { depth: 3 });
    const [writer, reader] = [channel.openWriter(), channel.openReader()];
    const values = [
      Float64Array.of(1, 2),
      'text',
      { a: [1] },
      new Float64Array(50_000).fill(7),
      Float64Array.of(),
    ];
    const seen: unknown[] = [];
    for (const value of values) {
      await writer.write(value);
      seen.push(await reader.read());
    }
    assert.equal(seen, values);
    assert.is(writer.unread, 0);
    for (const value of values.slice(0, 3)) writer.writeSync(value);
    assert.is(reader.unread, 3);
    assert.equal([reader.readSync(), reader.readSync(), reader.readSync()], values.slice(0, 3));
    assert.equal(seen, values);
    await writer.close();
    await failure(() => reader.read(), ChannelFinishedError, 'ChannelError');
    reader.close();
    assert.is(store.list().filter(({ state }) => state === 'sealed').length, 0, 'only views are left');
  }));

test('versions are written in place, and read in place without using more memory than the depth says', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array>(store, { readers: 2 });
    const writer = channel.openWriter();
    const readers = [channel.openReader(), channel.openReader()];
    const sizeBytes = 1.5 * MEBIBYTE;
    for (let version = 0; version < 20; version++) {
      const slot =
        version % 2 === 0
          ? await writer.writeAcquire(sizeBytes, { as: 'Float64Array' })
          : writer.writeAcquireSync(sizeBytes, { as: 'Float64Array' });
      slot.view.fill(version);
      writer.writeRelease();
      for (const [index, reader] of readers.entries()) {
        const view = index === 0 ? await reader.readAcquire() : reader.readAcquireSync();
        assert.is(view.at(-1), version);
        assert.is(writer.unread, 1);
        reader.readRelease();
        assert.is(view.length, 0);
      }
      collect();
    }
    writer.abort();
    for (const reader of readers) reader.close();
  }));

test('an acquired version can be given up, and what cannot be written is not', () =>
  withStore(async (store) => {
    const channel = Channel.create<Uint8Array>(store);
    const [writer, reader] = [channel.openWriter(), channel.openReader()];
    const slot = await writer.writeAcquire(8);
    await failure(() => writer.write(new Uint8Array(1)), ChannelUsageError, 'Invalid');
    slot.abort();
    await failure(() => writer.writeAcquire(64 * MEBIBYTE), ObjectStoreFullError, 'ObjectStoreFull');
    await failure(async () => writer.writeRelease(), ChannelUsageError, 'Invalid');
    await writer.write(Uint8Array.of(5));
    assert.equal([...(await reader.read())], [5]);
    reader.close();
    writer.abort();
  }));

test('loops end when the writer has finished, and it finishes when everything was read', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array>(store, { readers: 2, depth: 4 });
    const writer = channel.openWriter();
    const counts = [0, 0];
    const loops = counts.map(async (_, index) => {
      for await (const values of channel.openReader()) {
        assert.ok(isVersion(values));
        counts[index] = values[0] ?? -1;
      }
    });
    for (let number = 0; number <= 100; number++) await writer.write(versionOf(number));
    await writer.close();
    await Promise.all(loops);
    assert.equal(counts, [100, 100]);
    assert.not.ok(channel.isOpen);
  }));

test('leaving a loop early leaves the channel; when all have, the writer hears of it', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array>(store);
    const writer = channel.openWriter();
    await writer.write(versionOf(1));
    for await (const values of channel.openReader()) {
      assert.is(values[0], 1);
      break;
    }
    const error = await failure(() => writer.write(versionOf(2)), ChannelError, 'ChannelError');
    assert.is(error.values.reason, 'every reader has left');
    const next = channel.openReader();
    await writer.write(versionOf(3));
    assert.is((await next.read())[0], 3, 'another took the seat, and reads what came since');
    next.close();
    await writer.close();
  }));

test('waits end with their time and their signals, and nothing is lost', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array>(store);
    const [writer, reader] = [channel.openWriter(), channel.openReader()];
    const reads = [
      (options: WaitOptions) => reader.read(options),
      (options: WaitOptions) => reader.readSync(options),
      (options: WaitOptions) => reader.readAcquire(options),
      (options: WaitOptions) => reader.readAcquireSync(options),
    ];
    for (const timeout of [0, 1, 20]) {
      for (const read of reads) {
        const error = await failure(() => read({ timeout }), ChannelTimeoutError, 'ChannelTimeoutError');
        assert.is(error.values.timeoutMs, timeout);
      }
    }
    const reason = new Error('enough');
    const controller = new AbortController();
    const reading = reader.read({ signal: controller.signal });
    controller.abort(reason);
    const { cause } = await failure(() => reading, InterruptedError, 'Interrupted');
    assert.is(cause, reason);
    await writer.write(versionOf(1));
    for (const timeout of [0, 1, 20]) {
      const value = versionOf(2);
      await failure(() => writer.write(value, { timeout }), ChannelTimeoutError, 'ChannelTimeoutError');
      await failure(() => writer.close({ timeout }), ChannelTimeoutError, 'ChannelTimeoutError');
      assert.throws(() => writer.writeSync(value, { timeout }), /not every reader has read within/);
      assert.throws(() => writer.closeSync({ timeout }), /last version within/);
    }
    await failure(
      () => writer.write(versionOf(2), { signal: AbortSignal.timeout(5) }),
      InterruptedError,
      'Interrupted',
    );
    const writing = writer.write(versionOf(2), { timeout: 5000, signal: new AbortController().signal });
    assert.is((await reader.read())[0], 1);
    await writing;
    assert.is((await reader.read())[0], 2);
    reader.close();
    await writer.close();
  }));

test('a read waits for the write, a write for the read, in one event loop', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array>(store);
    const [writer, reader] = [channel.openWriter(), channel.openReader()];
    const seen: number[] = [];
    const reading = (async () => {
      for (let count = 0; count < 50; count++) seen.push((await reader.read())[0] ?? -1);
    })();
    for (let number = 0; number < 50; number++) await writer.write(versionOf(number));
    await reading;
    assert.equal(
      seen,
      Array.from({ length: 50 }, (_, index) => index),
    );
    const lastRead = reader.read();
    const closing = writer.close();
    await failure(() => lastRead, ChannelFinishedError, 'ChannelError');
    await closing;
    reader.close();
  }));

test('mistakes throw at once', () =>
  withStore(async (store) => {
    const other = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
    const channel = Channel.create<Float64Array>(store, { readers: 1 });
    const [writer, reader] = [channel.openWriter(), channel.openReader()];
    await failure(async () => channel.openWriter(), ChannelRoleTakenError, 'AlreadyExists');
    await failure(async () => channel.openReader(), ChannelRoleTakenError, 'AlreadyExists');
    const reading = reader.read();
    await failure(() => reader.read(), ChannelUsageError, 'Invalid');
    await failure(async () => reader.readRelease(), ChannelUsageError, 'Invalid');
    await writer.write(versionOf(1));
    await reading;
    // Only this thread could ever end these waits.
    await failure(async () => reader.readSync(), ChannelUsageError, 'Invalid');
    await writer.write(versionOf(1));
    await failure(async () => writer.writeSync(versionOf(2)), ChannelUsageError, 'Invalid');
    await reader.readAcquire();
    await failure(() => reader.read(), ChannelUsageError, 'Invalid');
    reader.readRelease();
    reader.close();
    reader.close();
    await failure(() => reader.read(), ChannelUsageError, 'Invalid');
    await writer.close();
    await writer.close();
    await failure(() => writer.write(versionOf(2)), ChannelUsageError, 'Invalid');

    const invalid: (() => unknown)[] = [
      () => Channel.create(store, { readers: 0 }),
      () => Channel.create(store, { readers: 65 }),
      () => Channel.create(store, { readers: 1.5 }),
      () => Channel.create(store, { depth: 17 }),
      () => Channel.create(store, JSON.parse('{"deep": 1}')),
      () => Channel.create(JSON.parse('{}')),
      () => Channel.connect(store, JSON.parse('null')),
      () => Channel.connect(store, { ...channel.token, channel: -1 }),
      () => Channel.connect(store, { ...channel.token, channel: 1023 }),
      () => Channel.create(store).openReader().read(JSON.parse('{"timeout": -1}')),
      () => Channel.create(store).openReader().read(JSON.parse('{"after": 1}')),
      () => Channel.create(store).openWriter().writeAcquire(-1),
      () => Channel.create(store).openWriter().writeAcquire(7, { as: 'Float64Array' }),
      () => Channel.create(store).openWriter().writeAcquire(8, JSON.parse('{"id": 1}')),
    ];
    for (const call of invalid) await failure(call, InvalidArgumentError, 'InvalidArgument');
    await failure(async () => Channel.connect(other, channel.token), ForeignRefError, 'Invalid');
    await other.close();
  }));

test('a store has 1,024 channels, and each that has ended makes room for another', () =>
  withStore(async (store) => {
    const channels = Array.from({ length: 1024 }, () => Channel.create(store));
    await failure(async () => Channel.create(store), OutOfResourceError, 'OutOfResource');
    channels[500]?.close();
    channels[500]?.close();
    assert.not.ok(channels[500]?.isOpen);
    const next = Channel.create(store);
    assert.is(next.token.channel, 500);
    await failure(async () => channels[500]?.openReader(), ChannelError, 'ChannelError');
    for (const channel of channels) channel.close();
    assert.ok(next.isOpen, 'closed by its own handle only');
  }));

test('the end of the store ends every wait, of this thread and of others', async () => {
  for (const closer of ['owner', 'connection'] as const) {
    const store = await Store.create({ memory: MEBIBYTE, spillLimit: 0 });
    const mine = await Store.connect(store.handle);
    const channels = Array.from({ length: 3 }, () => Channel.create<Float64Array>(store));
    const [first, second, third] = channels;
    assert.ok(first && second && third);
    const reading = failure(
      () => Channel.connect(mine, first.token).openReader().read(),
      StoreClosedError,
      'Disconnected',
    );
    const writer = Channel.connect(mine, second.token).openWriter();
    await writer.write(versionOf(1));
    const writing = failure(() => writer.write(versionOf(2)), StoreClosedError, 'Disconnected');
    const others = closer === 'owner' ? [start(store, third, 'readSync')] : [];
    if (others.length > 0) await third.openWriter().write(versionOf(1));
    for (const { reached } of others) await reached(1);
    await (closer === 'owner' ? store : mine).close();
    await reading;
    await writing;
    for (const { answer, exited } of others) {
      assert.is(await answer, 'StoreClosedError');
      await exited;
    }
    await mine.close();
    await store.close();
  }
});

for (const role of ['read', 'readSync', 'write', 'writeSync'] as const) {
  test(`a thread killed in the middle of ${role} is not waited for, and leaves nothing`, () =>
    withStore(async (store) => {
      for (let round = 0; round < 5; round++) {
        const channel = Channel.create<Float64Array>(store, { readers: 2, depth: 1 + round });
        const isReader = role.startsWith('read');
        const peer = isReader ? channel.openWriter() : channel.openReader();
        const second = channel.openReader();
        const killed = start(store, channel, role);
        const working = (async () => {
          for (let number = 0; ; number++) {
            if ('write' in peer) await peer.write(versionOf(number));
            else assert.ok(isVersion(await peer.read()));
            assert.ok(isVersion(await second.read()));
            // Where nothing has to be waited for, no turn of the event loop comes between.
            await turn();
          }
        })();
        working.catch(() => {});
        await killed.reached(20);
        await killed.worker.terminate();
        await killed.exited;
        if ('write' in peer) {
          // The other reader goes on, at its own pace.
          while ((await store.stats()).clientCount > 1) await delay(1);
          channel.close();
        }
        await failure(() => working, ChannelError, 'ChannelError');
        if ('write' in peer) peer.abort();
        else peer.close();
        second.close();
        assert.not.ok(channel.isOpen);
      }
      collect();
      await store.verify();
      assert.is(store.list().filter(({ state }) => state === 'sealed').length, 0);
    }));
}

test('ends that are forgotten are not waited for', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array>(store);
    const writer = channel.openWriter();
    await (async () => {
      channel.openReader();
      await writer.write(versionOf(1));
    })();
    const writing = failure(() => writer.write(versionOf(2)), ChannelError, 'ChannelError');
    const collecting = setInterval(collect, 5);
    await writing;
    const other = Channel.create<Float64Array>(store);
    const reader = other.openReader();
    await (async () => other.openWriter().write(versionOf(1)))();
    const error = await failure(
      async () => {
        for (;;) await reader.read();
      },
      ChannelError,
      'ChannelError',
    );
    assert.is(error.values.reason, 'its writer has gone without finishing');
    clearInterval(collecting);
    writer.abort();
    reader.close();
  }));

test('a version that somebody deletes is an error for its readers, and is not waited for', () =>
  withStore(async (store) => {
    const channel = Channel.create<Float64Array>(store);
    const [writer, reader] = [channel.openWriter(), channel.openReader()];
    await writer.write(versionOf(1));
    const [entry] = store.list();
    assert.ok(entry);
    store.delete(entry.id);
    await failure(() => reader.read(), ObjectNotFoundError, 'ObjectNotFound');
    await writer.write(versionOf(2));
    assert.is((await reader.read())[0], 2);
    writer.abort();
    reader.close();
  }));

test.run();
