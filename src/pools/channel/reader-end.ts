/** A reader's end of a channel: its seat, and the versions it has still to read. */
import { CHANNEL, HOLDER, MAX_DEPTH, SEAT, unread } from '../../state/channel-layout.ts';
import type { ChannelRecord } from './channel-record.ts';

/** The object that is a version. */
export interface VersionPlace {
  readonly slot: number;
  readonly generation: number;
}

export class ReaderEnd {
  readonly record: ChannelRecord;
  readonly bellIndex: number;
  readonly seat: number;
  readonly #client: number;
  readonly #cursorIndex: number;
  #cursor: number;

  private constructor(record: ChannelRecord, seat: number, client: number, isFirst: boolean) {
    this.record = record;
    this.bellIndex = record.index(CHANNEL.READERS_BELL);
    this.seat = seat;
    this.#client = client;
    this.#cursorIndex = record.seatIndex(seat, SEAT.CURSOR);
    this.#cursor = Atomics.load(record.words, this.#cursorIndex);
    // What its predecessor did not read is gone. The writer waits for the old cursor until this store, so nothing that is
    // published after the look is missed.
    if (!isFirst) this.#moveTo(record.load(CHANNEL.PUBLISHED));
  }

  /** Takes a seat: one that nobody had, which reads from the first version on, or one that was left. */
  static acquire(record: ChannelRecord, client: number): ReaderEnd | undefined {
    for (const from of [HOLDER.NOBODY, HOLDER.LEFT]) {
      for (let seat = 0; seat < record.seatsUsed; seat++) {
        const isMine = record.takeRole(record.seatIndex(seat, SEAT.ROLE), client, from);
        if (isMine) return new ReaderEnd(record, seat, client, from === HOLDER.NOBODY);
      }
    }
    return undefined;
  }

  /** Index of the word that moves when something is published: what to watch before sleeping. */
  get publishedIndex(): number {
    return this.record.index(CHANNEL.PUBLISHED);
  }

  /** Versions published and not read yet. */
  get unread(): number {
    return unread(this.record.load(CHANNEL.PUBLISHED), this.#cursor);
  }

  /** The next version; there must be one. */
  get next(): VersionPlace {
    const { record } = this;
    // SYNC channel-publish: `unread` has looked at the number before.
    const place = record.index(CHANNEL.VERSIONS) + ((this.#cursor + 1) & (MAX_DEPTH - 1)) * 2;
    return {
      slot: Atomics.load(record.words, place) >>> 0,
      generation: Atomics.load(record.words, place + 1) >>> 0,
    };
  }

  /** Done with the next version. */
  advance(): void {
    this.#moveTo(this.#cursor + 1);
  }

  /** Says that this thread sleeps until something is published; the bell's value to sleep on, undefined if it was. */
  announceSleep(): number | undefined {
    const { record } = this;
    const bell = Atomics.load(record.words, this.bellIndex);
    // SYNC channel-sleep: said before the last look.
    Atomics.store(record.words, record.index(CHANNEL.READERS_ASLEEP), 1);
    return this.unread > 0 ? undefined : bell;
  }

  /** Gives the seat up: the writer waits for it no longer. */
  leave(): void {
    this.record.leaveRole(this.record.seatIndex(this.seat, SEAT.ROLE), this.#client);
    this.#ringAwaiting();
    this.record.freeIfLeft();
  }

  #moveTo(cursor: number): void {
    this.#cursor = cursor | 0;
    // SYNC channel-consume: from here on the place of the version is the writer's.
    Atomics.store(this.record.words, this.#cursorIndex, this.#cursor);
    this.#ringAwaiting();
  }

  #ringAwaiting(): void {
    // SYNC channel-sleep: moved, or left, first.
    if (this.record.load(CHANNEL.WRITER_AWAITS) === this.seat + 1) this.record.ringWriter();
  }
}
