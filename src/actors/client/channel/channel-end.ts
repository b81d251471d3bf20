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
  #call: string | undefined;
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

  /** Begins a call; {@link leave} ends it. Throws `ChannelUsageError` while another is under way: they have no order. */
  enter(call: string): void {
    if (this.#closed) throw new ChannelUsageError(`${call}: this ${this.#what} was closed`, { call });
    if (this.#call !== undefined) {
      const underWay = this.#call;
      throw new ChannelUsageError(`${call}: ${underWay} of this ${this.#what} is still under way`, {
        call,
        underWay,
      });
    }
    this.#call = call;
  }

  leave(): void {
    this.#call = undefined;
  }

  /** Limits of a call that begins now. */
  limits(options: WaitOptions | undefined, context: string): WaitLimits {
    const limits = readWaitOptions(options, context);
    return limits.timeoutMs === undefined ? limits : { ...limits, startedMs: performance.now() };
  }

  async wait(condition: EndCondition, limits: WaitLimits): Promise<void> {
    if (condition.isMet()) return;
    await wait(this.store.connection, condition, { ...limits, purpose: condition.purpose });
    // It may have been closed meanwhile, by its own thread.
    if (this.#closed) throw new ChannelUsageError(`this ${this.#what} was closed during the call`);
  }

  waitSync(condition: EndCondition, limits: WaitLimits): void {
    if (condition.isMet()) return;
    const { client } = this.store;
    if (limits.timeoutMs === undefined && condition.awaitedClient() === client) {
      const message = `the other end is this very thread's: a synchronous wait for it would never end`;
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
