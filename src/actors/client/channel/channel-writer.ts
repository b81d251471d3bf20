/** The writing end of a channel. */
import { NO_READERS, type WriterEnd } from '../../../pools/channel/writer-end.ts';
import { CHANNEL_STATE } from '../../../state/channel-layout.ts';
import { ChannelError, ChannelUsageError } from '../../../state/errors.ts';
import type { Storable, ViewByName } from '../../../state/value-format.ts';
import type { ObjectRef } from '../object-ref.ts';
import { prepareWriter } from '../slot-writer.ts';
import type { Store } from '../store.ts';
import type { CreateOptions, WaitOptions } from '../store-options.ts';
import { onlyItsTokenCanBeSent } from '../uncloneable.ts';
import { timeLeftMs, type WaitLimits } from '../wait-limits.ts';
import type { WritableSlot } from '../writable-slot.ts';
import { ChannelEnd, type EndCondition } from './channel-end.ts';
import { forgetEnd, rememberEnd } from './forgotten-ends.ts';

/** Options of `ChannelWriter.writeAcquire`. */
export type WriteAcquireOptions<Name extends keyof ViewByName = keyof ViewByName> = Omit<
  CreateOptions<Name>,
  'id' | 'evictable'
>;

/** What the writer waits for, and the versions that it keeps for their readers. */
class Readers implements EndCondition {
  readonly bellIndex: number;
  readonly purpose: string;
  readonly #end: WriterEnd;
  readonly #shared: ChannelEnd;
  /** Versions that may stay unread; for another one to be written when absent. */
  readonly #most: number | undefined;

  constructor(end: WriterEnd, shared: ChannelEnd, purpose: string, most?: number) {
    this.bellIndex = end.bellIndex;
    this.purpose = purpose;
    this.#end = end;
    this.#shared = shared;
    this.#most = most;
  }

  isMet(): boolean {
    // Closed here while a write of this thread sleeps: the write says so itself.
    if (this.#shared.closed) return true;
    this.#shared.assertOpen();
    const laggard = this.#laggard;
    if (laggard === NO_READERS && this.#most === undefined) {
      const reason = 'every reader has left';
      throw new ChannelError(`nobody can read what is written: ${reason}`, { reason });
    }
    return laggard < 0;
  }

  announceSleep(): number | undefined {
    return this.#end.announceSleep(this.#most);
  }

  watchedIndex(): number {
    return this.#end.cursorIndexOf(Math.max(0, this.#laggard));
  }

  awaitedClient(): number | undefined {
    return this.#end.record.readerOf(Math.max(0, this.#laggard));
  }

  get #laggard(): number {
    return this.#end.laggard(this.#most);
  }
}

/**
 * The one writer of a channel. Made by `channel.openWriter()`, in any thread. One call at a time.
 *
 * Each version is an object of the store, of any size, that the writer keeps until every reader has read it. Belongs to its
 * thread; when that dies, or the writer is forgotten, the channel ends for all with `ChannelError`.
 */
export class ChannelWriter<T extends Storable = Storable> implements Disposable {
  /** @internal */
  readonly uncloneable = onlyItsTokenCanBeSent;
  readonly #end: WriterEnd;
  readonly #shared: ChannelEnd;
  readonly #room: Readers;
  readonly #rest: Readers;
  /** Refs of the versions that somebody has still to read, oldest first. */
  readonly #kept: ObjectRef[];
  #slot: WritableSlot<object> | undefined;

  /** @internal Made by `channel.openWriter()`. */
  constructor(store: Store, end: WriterEnd) {
    const kept: ObjectRef[] = [];
    this.#kept = kept;
    this.#end = end;
    this.#shared = new ChannelEnd(store, end.record, 'ChannelWriter');
    this.#room = new Readers(end, this.#shared, 'not every reader has read');
    this.#rest = new Readers(end, this.#shared, 'not every reader has read the last version', 0);
    rememberEnd(this, store, () => {
      end.leave(CHANNEL_STATE.WRITER_LOST);
      releaseAll(kept);
    });
  }

  /** Versions that somebody has still to read. */
  get unread(): number {
    return this.#shared.closed ? 0 : this.#end.unread;
  }

  /**
   * Copies a value into shared memory as the next version. Waits while the channel holds as many unread versions as its
   * depth says, then for memory.
   *
   * Throws `ChannelTimeoutError`, `ChannelError` when the channel was closed or every reader has left, `ChannelUsageError`,
   * `InterruptedError`, and as `store.put`. Nothing is written then.
   */
  async write(value: T, options?: WaitOptions): Promise<void> {
    this.#assertNothingAcquired('write');
    await this.#shared.call('ChannelWriter.write', options, this.#room, async (limits) => {
      this.#forgetRead();
      this.#publish(await this.#shared.store.put(value, remaining(limits)));
    });
  }

  /** As {@link write}, blocking this thread while it waits. `signal` cannot fire meanwhile. */
  writeSync(value: T, options?: WaitOptions): void {
    this.#assertNothingAcquired('writeSync');
    this.#shared.callSync('ChannelWriter.writeSync', options, this.#room, (limits) => {
      this.#forgetRead();
      this.#publish(this.#shared.store.putSync(value, remaining(limits)));
    });
  }

  /**
   * Ray's `WriteAcquire`: memory for the next version, to be written in place, of whatever size it needs. Then
   * {@link writeRelease}, or `slot.abort()`. Waits and throws as {@link write}.
   */
  async writeAcquire<Name extends keyof ViewByName = 'Uint8Array'>(
    byteLength: number,
    options?: WriteAcquireOptions<Name>,
  ): Promise<WritableSlot<ViewByName[Name]>> {
    const context = 'ChannelWriter.writeAcquire';
    const { as, waiting } = this.#readAcquire(byteLength, options, context);
    return this.#shared.call(context, waiting, this.#room, async (limits) => {
      this.#forgetRead();
      const slot = await this.#shared.store.create<Name>(byteLength, { as, ...remaining(limits) });
      this.#slot = slot;
      return slot;
    });
  }

  /** As {@link writeAcquire}, blocking this thread while it waits. */
  writeAcquireSync<Name extends keyof ViewByName = 'Uint8Array'>(
    byteLength: number,
    options?: WriteAcquireOptions<Name>,
  ): WritableSlot<ViewByName[Name]> {
    const context = 'ChannelWriter.writeAcquireSync';
    const { as, waiting } = this.#readAcquire(byteLength, options, context);
    return this.#shared.callSync(context, waiting, this.#room, (limits) => {
      this.#forgetRead();
      const slot = this.#shared.store.createSync<Name>(byteLength, { as, ...remaining(limits) });
      this.#slot = slot;
      return slot;
    });
  }

  /**
   * Seals what {@link writeAcquire} gave, and makes it the next version. Throws `ChannelUsageError` without a slot,
   * `ChannelError` when the channel has ended meanwhile, and as `slot.seal()`.
   */
  writeRelease(): void {
    const slot = this.#slot;
    // Its user may have sealed or aborted it by itself.
    if (slot?.isWriting !== true) {
      this.#shared.assertUsable();
      throw new ChannelUsageError('writeRelease: nothing is acquired');
    }
    this.#slot = undefined;
    this.#publish(slot.seal());
  }

  /**
   * Finishes: waits until every version was read, then ends the channel. Readers' loops end; other calls throw
   * `ChannelFinishedError`. Throws `ChannelTimeoutError` or `InterruptedError`, and the channel goes on then. Idempotent;
   * does nothing when the channel has ended otherwise.
   */
  async close(options?: WaitOptions): Promise<void> {
    if (this.#shared.closed) return;
    try {
      this.#assertNothingAcquired('close');
      await this.#shared.call('ChannelWriter.close', options, this.#rest, () => {});
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
    }
    this.#leave(CHANNEL_STATE.FINISHED);
  }

  /** As {@link close}, blocking this thread while it waits. */
  closeSync(options?: WaitOptions): void {
    if (this.#shared.closed) return;
    try {
      this.#assertNothingAcquired('closeSync');
      this.#shared.callSync('ChannelWriter.closeSync', options, this.#rest, () => {});
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
    }
    this.#leave(CHANNEL_STATE.FINISHED);
  }

  /** Ends the channel at once: what was not read is lost, everybody else gets `ChannelError`. Idempotent. */
  abort(): void {
    this.#leave(CHANNEL_STATE.CLOSED);
  }

  /** Aborts unless closed. */
  [Symbol.dispose](): void {
    this.abort();
  }

  /** All that can be said of a call before it waits. */
  #readAcquire<Name extends keyof ViewByName>(
    byteLength: number,
    options: WriteAcquireOptions<Name> | undefined,
    context: string,
  ): { as: Name | undefined; waiting: WaitOptions } {
    this.#assertNothingAcquired(context);
    const { as, ...waiting } = { ...options };
    prepareWriter(this.#shared.store, byteLength, { as }, context);
    return { as, waiting };
  }

  #assertNothingAcquired(call: string): void {
    // Its user may have aborted it by itself.
    if (this.#slot?.isWriting !== true) return;
    this.#shared.assertUsable();
    throw new ChannelUsageError(`${call}: a version is being written; release or abort it first`);
  }

  #publish(ref: ObjectRef): void {
    try {
      // The call may have waited for memory, and the channel ended meanwhile.
      if (this.#shared.closed) throw new ChannelUsageError('this ChannelWriter was closed during the call');
      this.#shared.assertOpen();
    } catch (error) {
      ref.release();
      throw error;
    }
    // Kept by the writer, which gives it back: none of its user's.
    this.#shared.store.debug?.givenBack(ref);
    this.#kept.push(ref);
    this.#end.publish(ref.slot, ref.generation);
  }

  #forgetRead(): void {
    const { unread } = this.#end;
    while (this.#kept.length > unread) this.#kept.shift()?.release();
  }

  #leave(state: number): void {
    if (!this.#shared.close()) return;
    forgetEnd(this);
    if (!this.#shared.store.closed) {
      this.#end.leave(state);
      if (this.#slot?.isWriting === true) this.#slot.abort();
    }
    releaseAll(this.#kept);
  }
}

function releaseAll(refs: ObjectRef[]): void {
  for (const ref of refs.splice(0)) ref.release();
}

/** Options for the second half of a call. */
function remaining(limits: WaitLimits): WaitOptions | undefined {
  const { timeoutMs, signal } = limits;
  if (timeoutMs === undefined && signal === undefined) return undefined;
  if (timeoutMs === undefined) return { signal };
  // Whole milliseconds, as the error would say them.
  return { signal, timeout: Math.ceil(timeLeftMs(limits)) };
}
