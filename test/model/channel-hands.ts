/** One thread's channels, and its ends of them. */
import * as assert from 'uvu/assert';
import { Channel, type ChannelReader, type ChannelWriter, type Store } from '../../src/index.ts';
import { type Answer, type ChannelAction, pattern, type Seen } from './action.ts';
import type { ViewHands } from './view-hands.ts';

type Reading = Extract<ChannelAction, { do: 'read' | 'readAll' }>;
type Writing = Extract<ChannelAction, { do: 'write' }>;

function there<T>(things: ReadonlyMap<number, T>, key: number): T {
  const thing = things.get(key);
  if (thing === undefined) throw new Error(`the model asks for ${key} of a channel, which there is not`);
  return thing;
}

export class ChannelHands {
  readonly #store: Store;
  readonly #views: ViewHands;
  readonly #channels = new Map<number, Channel<Uint8Array>>();
  readonly #readers = new Map<number, ChannelReader<Uint8Array>>();
  readonly #writers = new Map<number, ChannelWriter<Uint8Array>>();

  constructor(store: Store, views: ViewHands) {
    this.#store = store;
    this.#views = views;
  }

  reader(end: number): ChannelReader<Uint8Array> {
    return there(this.#readers, end);
  }

  writer(end: number): ChannelWriter<Uint8Array> {
    return there(this.#writers, end);
  }

  async act(action: ChannelAction): Promise<Answer | undefined> {
    switch (action.do) {
      case 'channel': {
        const { readers, depth } = action;
        const channel = Channel.create<Uint8Array>(this.#store, { readers, depth });
        this.#channels.set(action.key, channel);
        return channel.token;
      }
      case 'connect':
        this.#channels.set(action.key, Channel.connect(this.#store, action.token));
        return undefined;
      case 'openReader':
        this.#readers.set(action.end, there(this.#channels, action.key).openReader());
        return undefined;
      case 'openWriter':
        this.#writers.set(action.end, there(this.#channels, action.key).openWriter());
        return undefined;
      case 'closeChannel':
        there(this.#channels, action.key).close();
        return undefined;
      case 'isOpen':
        return there(this.#channels, action.key).isOpen;
      case 'unread':
        return (this.#readers.get(action.end) ?? this.writer(action.end)).unread;
      case 'read':
        return this.#read(action);
      case 'readAll':
        return this.#readAll(action);
      case 'readRelease':
        return this.#emptying(action.acquired, () => this.reader(action.end).readRelease());
      case 'closeReader':
        return this.#emptying(action.acquired, () => {
          if (action.sync) this.reader(action.end).close();
          else this.reader(action.end)[Symbol.dispose]();
        });
      case 'write':
        return this.#write(action);
      case 'closeWriter':
        if (action.sync) this.writer(action.end).closeSync({ timeout: action.timeout });
        else await this.writer(action.end).close({ timeout: action.timeout });
        return undefined;
      case 'abortWriter':
        if (action.sync) this.writer(action.end).abort();
        else this.writer(action.end)[Symbol.dispose]();
        return undefined;
    }
  }

  /** Closes all. */
  dropAll(): void {
    for (const channel of this.#channels.values()) channel.close();
    for (const reader of this.#readers.values()) reader.close();
    for (const writer of this.#writers.values()) writer.abort();
    for (const things of [this.#channels, this.#readers, this.#writers]) things.clear();
  }

  async #read({ end, seen, sync, acquire, timeout }: Reading & { do: 'read' }): Promise<undefined> {
    const reader = this.reader(end);
    const options = { timeout };
    if (acquire) {
      this.#views.watch(seen, sync ? reader.readAcquireSync(options) : await reader.readAcquire(options));
    } else {
      this.#views.watch(seen, sync ? reader.readSync(options) : await reader.read(options));
    }
    return undefined;
  }

  /** All that is there: to the end, or to the error that says why there is no more, or as many as are expected. */
  async #readAll({ end, seen, sync, toEnd }: Reading & { do: 'readAll' }): Promise<undefined> {
    const reader = this.reader(end);
    const left: Seen[] = [...seen];
    const take = (value: unknown): boolean => {
      const next = left.shift();
      if (next === undefined) throw new Error('more versions than were written');
      this.#views.watch(next, value);
      return left.length === 0 && !toEnd;
    };
    if (sync) {
      for (const value of reader.valuesSync({ timeout: 0 })) if (take(value)) break;
    } else if (toEnd) {
      for await (const value of reader.values({ timeout: 0 })) take(value);
    } else {
      // Without a time limit: there are as many as are taken.
      for await (const value of reader) if (take(value)) break;
    }
    if (left.length > 0) throw new Error(`${left.length} versions are missing`);
    return undefined;
  }

  async #write({ end, object, size, sync, acquire, timeout }: Writing): Promise<undefined> {
    const writer = this.writer(end);
    const options = { timeout };
    const bytes = pattern(object, size);
    if (acquire) {
      const slot = sync ? writer.writeAcquireSync(size, options) : await writer.writeAcquire(size, options);
      slot.bytes.set(bytes);
      writer.writeRelease();
    } else if (sync) writer.writeSync(bytes, options);
    else await writer.write(bytes, options);
    return undefined;
  }

  /** The view that was acquired is empty afterwards, also when the channel has ended. */
  #emptying(acquired: number | undefined, act: () => void): undefined {
    const view = acquired === undefined ? undefined : this.#views.take(acquired);
    try {
      act();
    } finally {
      if (view !== undefined) assert.is(view.length, 0);
    }
    return undefined;
  }
}
