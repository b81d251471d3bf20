/** Channels: values that change, handed from one writer to several readers. */

import type { ChannelRecord } from '../../../pools/channel/channel-record.ts';
import { ChannelTable } from '../../../pools/channel/channel-table.ts';
import { ReaderEnd } from '../../../pools/channel/reader-end.ts';
import { WriterEnd } from '../../../pools/channel/writer-end.ts';
import { CHANNEL_STATE, MAX_CHANNELS, MAX_DEPTH, MAX_SEATS } from '../../../state/channel-layout.ts';
import { ChannelRoleTakenError, ForeignRefError, OutOfResourceError } from '../../../state/errors.ts';
import { integer, invalidArgument, readOptions, withDefault } from '../../../state/options.ts';
import type { Storable } from '../../../state/value-format.ts';
import { Store } from '../store.ts';
import { onlyItsTokenCanBeSent } from '../uncloneable.ts';
import { endedError } from './channel-end.ts';
import { ChannelReader } from './channel-reader.ts';
import { ChannelWriter } from './channel-writer.ts';

/** Options of `Channel.create`. */
export interface ChannelOptions {
  /** How many readers read each version, 1 to 64. Those that come late read from the first version on. Default 1. */
  readonly readers?: number | undefined;
  /**
   * How many versions may be unread before the writer waits, 1 to 16. Default 1, as in Ray: reader and writer go in step.
   */
  readonly depth?: number | undefined;
}

declare const valueType: unique symbol;

/** Names a channel in a message to another thread: a plain value that can be cloned. */
export interface ChannelToken<T = Storable> {
  /** The store, in hexadecimal. */
  readonly store: string;
  readonly channel: number;
  readonly epoch: number;
  /** Only for type inference; never there at run time. */
  readonly [valueType]?: T;
}

const CHANNEL_SPEC = {
  readers: withDefault(integer(1, MAX_SEATS), 1),
  depth: withDefault(integer(1, MAX_DEPTH), 1),
};

/**
 * A value that changes: one writer writes versions of it, and each of several readers reads every version exactly once. After
 * Ray's mutable objects (its `MutableObjectManager`), but each version is an object of its own: it may have any size, and
 * views of it stay true.
 *
 * An open channel ends when its creator's connection does. Everything here may be called in any thread that has joined the
 * store; each thread makes its own `Channel` from the token.
 */
export class Channel<T extends Storable = Storable> {
  /** @internal */
  readonly uncloneable = onlyItsTokenCanBeSent;
  /** What other threads connect with. */
  readonly token: ChannelToken<T>;
  readonly #store: Store;
  readonly #record: ChannelRecord;

  private constructor(store: Store, record: ChannelRecord, token: ChannelToken<T>) {
    this.#store = store;
    this.#record = record;
    this.token = token;
  }

  /**
   * Makes a channel. Throws `InvalidArgumentError`, `StoreClosedError`, `OutOfResourceError` when 1,024 channels are open.
   */
  static create<T extends Storable = Storable>(store: Store, options?: ChannelOptions): Channel<T> {
    const table = tableOf(store);
    const { readers, depth } = readOptions(CHANNEL_SPEC, options, 'Channel.create');
    const place = table.create(store.client, readers, depth);
    if (place === undefined) {
      throw new OutOfResourceError('all channel records of this store are taken', {
        maxChannels: MAX_CHANNELS,
      });
    }
    return Channel.connect(store, { store: store.name, ...place });
  }

  /** A channel of another thread. Throws `ForeignRefError`, `InvalidArgumentError`, `StoreClosedError`. */
  static connect<T extends Storable = Storable>(store: Store, token: ChannelToken<T>): Channel<T> {
    const table = tableOf(store);
    const isToken = typeof token?.store === 'string' && isNumber(token?.channel) && isNumber(token?.epoch);
    if (!isToken) throw invalidArgument('token', token, 'the token of a channel', 'Channel.connect');
    if (token.store !== store.name) {
      throw new ForeignRefError('the channel belongs to another store', { store: token.store.slice(0, 80) });
    }
    const record = table.find(token);
    if (record !== undefined) return new Channel(store, record, token);
    throw invalidArgument('token', token, 'the token of a channel of this store', 'Channel.connect');
  }

  /** Whether versions can still be written and read. */
  get isOpen(): boolean {
    return !this.#store.closed && this.#record.state === CHANNEL_STATE.OPEN;
  }

  /**
   * Becomes the writer. There is one in a channel's life: a second would have to continue what it does not know. Throws
   * `ChannelRoleTakenError`, `ChannelError`, `ChannelFinishedError`, `StoreClosedError`.
   */
  openWriter(): ChannelWriter<T> {
    this.#assertOpen();
    const end = WriterEnd.acquire(this.#record, this.#store.client);
    if (end !== undefined) return new ChannelWriter<T>(this.#store, end);
    this.#assertOpen();
    throw new ChannelRoleTakenError('the channel has, or had, its writer');
  }

  /**
   * Becomes one of the readers: reads from the first version on, or, in the seat of a reader that has left, what is written
   * from now on. Throws as {@link openWriter}.
   */
  openReader(): ChannelReader<T> {
    this.#assertOpen();
    const end = ReaderEnd.acquire(this.#record, this.#store.client);
    if (end !== undefined) return new ChannelReader<T>(this.#store, end);
    this.#assertOpen();
    const readers = this.#record.seatsUsed;
    throw new ChannelRoleTakenError(`the channel has its ${readers} readers`, { readers });
  }

  /**
   * Ray's `SetError`: ends the channel for all, at once. Everybody's calls throw `ChannelError`, also those that wait; what
   * was not read is lost. To finish in good order, close the writer. Idempotent.
   */
  close(): void {
    if (this.#store.closed) return;
    this.#record.end(CHANNEL_STATE.CLOSED);
    this.#record.freeIfLeft();
  }

  #assertOpen(): void {
    this.#store.connection.link.assertOpen();
    const { state } = this.#record;
    if (state !== CHANNEL_STATE.OPEN) throw endedError(state);
  }
}

function tableOf(store: unknown): ChannelTable {
  if (!(store instanceof Store)) throw invalidArgument('store', store, 'a Store');
  store.connection.link.assertOpen();
  return new ChannelTable(store.connection.control);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
