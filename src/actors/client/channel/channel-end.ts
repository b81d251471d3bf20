/** What both ends of a channel have in common: one call at a time, waits, and the errors of a channel that has ended. */
import { AdaptiveSpin } from '../../../pools/adaptive-spin.ts';
import type { ChannelRecord } from '../../../pools/channel/channel-record.ts';
import { CHANNEL_STATE } from '../../../state/channel-layout.ts';
import { ChannelError, ChannelFinishedError, ChannelUsageError } from '../../../state/errors.ts';
import type { Store } from '../store.ts';
import { readWaitOptions, type WaitOptions } from '../store-options.ts';
import type { WaitLimits } from '../wait-limits.ts';
import { type Condition, wait, waitSync } from './channel-wait.ts';

const REASONS: Readonly<Record<number, string>> = {
  [CHANNEL_STATE.FREE]: 'it has ended',
  [CHANNEL_STATE.CLOSED]: 'it was closed',
  [CHANNEL_STATE.WRITER_LOST]: 'its writer has gone without finishing',
  [CHANNEL_STATE.CREATOR_LOST]: 'the thread that created it has gone',
};

/** The error of a channel in a state that is an end. */
export function endedError(state: number): ChannelError | ChannelFinishedError {
  if (state === CHANNEL_STATE.FINISHED) {
    return new ChannelFinishedError('the writer has finished, and all versions were read');
  }
  const reason = REASONS[state] ?? 'it has ended';
  return new ChannelError(`the channel cannot be used: ${reason}`, { reason });
}

/** A condition of which there is more to say: what to watch before sleeping, and who could meet it. */
export interface EndCondition extends Condition {
  watchedIndex(): number;
  /** The client that is waited for, as far as one can be named. */
  awaitedClient(): number | undefined;
  readonly purpose: string;
}

export class ChannelEnd {
  readonly store: Store;
  readonly #record: ChannelRecord;
  readonly #what: string;
  readonly #spin: AdaptiveSpin;
  /** The call under way. */
  #underWay: string | undefined;
  #closed = false;

  constructor(store: Store, record: ChannelRecord, what: string) {
    this.store = store;
    this.#record = record;
    this.#what = what;
    this.#spin = new AdaptiveSpin(record.words);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Nothing is called on this end from now on. False when it was closed before. */
  close(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    return true;
  }

  /** Throws `ChannelError` once the channel has ended. */
  assertOpen(): void {
    this.store.connection.link.assertOpen();
    const { state } = this.#record;
    if (state !== CHANNEL_STATE.OPEN) throw endedError(state);
  }

  /**
   * For calls that come out of order. As in Ray the end of a channel is told before a mistake is: who hears of it late is
   * in no order any more. An end that was closed here, or finished, is the caller's own doing.
   */
  assertUsable(): void {
    if (!this.#closed && this.#record.state !== CHANNEL_STATE.FINISHED) this.assertOpen();
  }

  /**
   * One call: waits for the condition, then acts. Throws `ChannelUsageError` while another is under way: they would have no
   * order.
   */
  async call<R>(
    context: string,
    options: WaitOptions | undefined,
    condition: EndCondition,
    act: (limits: WaitLimits) => R | Promise<R>,
  ): Promise<R> {
    const limits = this.#begin(context, options);
    try {
      if (!condition.isMet()) await this.#wait(condition, limits);
      return await act(limits);
    } finally {
      this.#underWay = undefined;
    }
  }

  /** As {@link call}, blocking this thread while it waits. */
  callSync<R>(
    context: string,
    options: WaitOptions | undefined,
    condition: EndCondition,
    act: (limits: WaitLimits) => R,
  ): R {
    const limits = this.#begin(context, options);
    try {
      if (!condition.isMet()) this.#waitSync(condition, limits);
      return act(limits);
    } finally {
      this.#underWay = undefined;
    }
  }

  #begin(context: string, options: WaitOptions | undefined): WaitLimits {
    const limits = readWaitOptions(options, context);
    const underWay = this.#underWay;
    if (this.#closed) throw new ChannelUsageError(`${context}: this ${this.#what} was closed`, { context });
    if (underWay !== undefined) {
      throw new ChannelUsageError(`${context}: ${underWay} is still under way`, { context, underWay });
    }
    this.#underWay = context;
    return limits.timeoutMs === undefined ? limits : { ...limits, startedMs: performance.now() };
  }

  async #wait(condition: EndCondition, limits: WaitLimits): Promise<void> {
    await wait(this.store.connection, condition, { ...limits, purpose: condition.purpose });
    // It may have been closed meanwhile, by its own thread.
    if (this.#closed) throw new ChannelUsageError(`this ${this.#what} was closed during the call`);
  }

  #waitSync(condition: EndCondition, limits: WaitLimits): void {
    const { client } = this.store;
    if (limits.timeoutMs === undefined && condition.awaitedClient() === client) {
      const message = "the other end is this very thread's: a synchronous wait for it would never end";
      throw new ChannelUsageError(message, { client });
    }
    const index = condition.watchedIndex();
    this.#spin.watch(index, Atomics.load(this.#record.words, index));
    if (condition.isMet()) return;
    const startedMs = performance.now();
    waitSync(this.store.connection, condition, { ...limits, purpose: condition.purpose });
    this.#spin.slept(performance.now() - startedMs);
  }
}
