/** The reading end of a channel. */
import type { ReaderEnd } from '../../../pools/channel/reader-end.ts';
import { CHANNEL_STATE } from '../../../state/channel-layout.ts';
import { ChannelFinishedError, ChannelUsageError, ObjectNotFoundError } from '../../../state/errors.ts';
import { isStorableView, type Sealed } from '../../../state/value-format.ts';
import type { Store } from '../store.ts';
import type { WaitOptions } from '../store-options.ts';
import { onlyItsTokenCanBeSent } from '../uncloneable.ts';
import { ChannelEnd, type EndCondition } from './channel-end.ts';
import { forgetEnd, rememberEnd } from './forgotten-ends.ts';

/**
 * One reader of a channel: reads every version exactly once, in order. Made by `channel.openReader()`, in any thread.
 *
 * Values are views on the store's memory, as those of `store.get`: they stay true for as long as they are reachable, also
 * after newer versions came, and `store.release(view)` returns their memory at once. One call at a time.
 *
 * Belongs to its thread. The writer waits for it; so {@link close} it when it reads no more. A reader that is forgotten, or
 * whose thread dies, is not waited for.
 */
export class ChannelReader<T = unknown> implements Disposable {
  /** @internal */
  readonly uncloneable = onlyItsTokenCanBeSent;
  readonly #end: ReaderEnd;
  readonly #shared: ChannelEnd;
  readonly #unread: EndCondition;
  #acquired: { readonly value: unknown } | undefined;

  /** @internal Made by `channel.openReader()`. */
  constructor(store: Store, end: ReaderEnd) {
    const shared = new ChannelEnd(store, end.record, 'ChannelReader');
    this.#end = end;
    this.#shared = shared;
    this.#unread = {
      bellIndex: end.bellIndex,
      purpose: 'no version was written',
      isMet: () => {
        // Closed here while a read of this thread sleeps: the read says so itself.
        if (shared.closed) return true;
        shared.assertOpen();
        return end.unread > 0;
      },
      announceSleep: () => end.announceSleep(),
      watchedIndex: () => end.publishedIndex,
      awaitedClient: () => end.record.writer,
    };
    rememberEnd(this, store, () => end.leave());
  }

  /** Versions that were written and that this reader has not read yet. */
  get unread(): number {
    return this.#shared.closed ? 0 : this.#end.unread;
  }

  /**
   * The next version. Waits until there is one.
   *
   * Throws `ChannelFinishedError` when the writer has finished, `ChannelError` when the channel was closed or its writer
   * died, `ChannelTimeoutError`, `InterruptedError`, `StoreClosedError`, `ChannelUsageError`.
   */
  async read(options?: WaitOptions): Promise<Sealed<T>> {
    this.#assertNothingAcquired('read');
    return this.#shared.call('ChannelReader.read', options, this.#unread, () => this.#takeNext());
  }

  /** As {@link read}, blocking this thread while it waits. `signal` cannot fire meanwhile. */
  readSync(options?: WaitOptions): Sealed<T> {
    this.#assertNothingAcquired('readSync');
    return this.#shared.callSync('ChannelReader.readSync', options, this.#unread, () => this.#takeNext());
  }

  /**
   * Ray's `ReadAcquire`: as {@link read}, but the version stays unread, and the writer waits for it, until
   * {@link readRelease}. So no more memory is used than the channel's depth says.
   */
  async readAcquire(options?: WaitOptions): Promise<Sealed<T>> {
    this.#assertNothingAcquired('readAcquire');
    return this.#shared.call('ChannelReader.readAcquire', options, this.#unread, () => this.#acquire());
  }

  /** As {@link readAcquire}, blocking this thread while it waits. */
  readAcquireSync(options?: WaitOptions): Sealed<T> {
    this.#assertNothingAcquired('readAcquireSync');
    return this.#shared.callSync('ChannelReader.readAcquireSync', options, this.#unread, () =>
      this.#acquire(),
    );
  }

  /**
   * Ends what {@link readAcquire} began: the version is read, and its views are empty from now on, as after
   * `store.release(view)`. Throws `ChannelUsageError` without an acquired version, `ChannelError` when the channel has
   * ended meanwhile.
   */
  readRelease(): void {
    const acquired = this.#acquired;
    if (acquired === undefined) {
      this.#shared.assertUsable();
      throw new ChannelUsageError('readRelease: no version was acquired');
    }
    this.#acquired = undefined;
    this.#letGo(acquired.value);
    if (!this.#shared.closed) this.#end.advance();
    // The writer may have waited for this very step to finish.
    if (this.#end.record.state !== CHANNEL_STATE.FINISHED) this.#shared.assertOpen();
  }

  /**
   * All versions, until the writer has finished. Leaving the loop early closes the reader. `timeout` is that of each
   * version. Throws as {@link read}, but for the end.
   */
  async *values(options?: WaitOptions): AsyncGenerator<Sealed<T>, void, undefined> {
    try {
      for (;;) yield await this.read(options);
    } catch (error) {
      if (!(error instanceof ChannelFinishedError)) throw error;
    } finally {
      this.close();
    }
  }

  /** As {@link values}, blocking this thread while it waits. */
  *valuesSync(options?: WaitOptions): Generator<Sealed<T>, void, undefined> {
    try {
      for (;;) yield this.readSync(options);
    } catch (error) {
      if (!(error instanceof ChannelFinishedError)) throw error;
    } finally {
      this.close();
    }
  }

  /** As {@link values}. */
  [Symbol.asyncIterator](): AsyncGenerator<Sealed<T>, void, undefined> {
    return this.values();
  }

  /** Leaves the channel: the writer waits for this reader no longer, its seat is free for another. Idempotent. */
  close(): void {
    if (!this.#shared.close()) return;
    forgetEnd(this);
    const acquired = this.#acquired;
    this.#acquired = undefined;
    if (acquired !== undefined) this.#letGo(acquired.value);
    if (this.#shared.store.closed) return;
    this.#end.leave();
    // A read of this thread may sleep.
    this.#end.record.ringReaders();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assertNothingAcquired(call: string): void {
    if (this.#acquired === undefined) return;
    this.#shared.assertUsable();
    throw new ChannelUsageError(`ChannelReader.${call}: a version is acquired; release it first`);
  }

  #acquire(): Sealed<T> {
    const value = this.#next();
    this.#acquired = { value };
    // What the writer said the channel carries.
    return value as Sealed<T>;
  }

  #takeNext(): Sealed<T> {
    const value = this.#next();
    this.#end.advance();
    return value as Sealed<T>;
  }

  #next(): unknown {
    try {
      return this.#shared.store.connection.reader.take(this.#end.next);
    } catch (error) {
      // A dead writer's objects go right after its channel has ended.
      if (this.#end.record.state !== CHANNEL_STATE.OPEN) this.#shared.assertOpen();
      // Somebody has deleted the version itself: it is not to be waited for.
      if (error instanceof ObjectNotFoundError) this.#end.advance();
      throw error;
    }
  }

  #letGo(value: unknown): void {
    if (isStorableView(value)) this.#shared.store.connection.reader.releaseQuietly(value);
  }
}
