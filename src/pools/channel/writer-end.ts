/** The writer's end of a channel: the role, publishing, and whom it waits for. */
import { CHANNEL, HOLDER, MAX_DEPTH, SEAT, unread } from '../../state/channel-layout.ts';
import type { ChannelRecord } from './channel-record.ts';

/** What {@link WriterEnd.laggard} says when no seat stands in the way. */
export const ROOM = -1;
/** What it says when every reader has left. */
export const NO_READERS = -2;

export class WriterEnd {
  readonly record: ChannelRecord;
  readonly bellIndex: number;
  readonly #client: number;
  readonly #seats: number;
  readonly #depth: number;
  #published: number;

  private constructor(record: ChannelRecord, client: number) {
    this.record = record;
    this.bellIndex = record.index(CHANNEL.WRITER_BELL);
    this.#client = client;
    this.#seats = record.seatsUsed;
    this.#depth = record.depth;
    this.#published = record.load(CHANNEL.PUBLISHED);
  }

  /** Takes the role; undefined when it is, or ever was, somebody's: a second writer would write other versions. */
  static acquire(record: ChannelRecord, client: number): WriterEnd | undefined {
    const isMine = record.takeRole(record.index(CHANNEL.WRITER), client, HOLDER.NOBODY);
    return isMine ? new WriterEnd(record, client) : undefined;
  }

  /** Versions that somebody has still to read: the writer keeps their objects. */
  get unread(): number {
    let most = 0;
    for (let seat = 0; seat < this.#seats; seat++) most = Math.max(most, this.#unreadAt(seat));
    return most;
  }

  /**
   * Whose reading the next version has to wait for: a seat that has more than `most` versions to read, {@link ROOM} when
   * there is none, {@link NO_READERS} when nobody can read it any more.
   */
  laggard(most = this.#depth - 1): number {
    let left = 0;
    for (let seat = 0; seat < this.#seats; seat++) {
      const count = this.#unreadAt(seat);
      if (count > most) return seat;
      if (count === 0 && this.record.isLeft(seat)) left++;
    }
    return left === this.#seats ? NO_READERS : ROOM;
  }

  /** Index of the word that moves when a seat's reader is done with a version: what to watch before sleeping. */
  cursorIndexOf(seat: number): number {
    return this.record.seatIndex(seat, SEAT.CURSOR);
  }

  /** Makes an object the next version. There must be {@link ROOM}. */
  publish(slot: number, generation: number): void {
    const { record } = this;
    const next = (this.#published + 1) | 0;
    const place = record.index(CHANNEL.VERSIONS) + (next & (MAX_DEPTH - 1)) * 2;
    Atomics.store(record.words, place, slot);
    Atomics.store(record.words, place + 1, generation);
    // SYNC channel-publish: behind the place. A writer that dies before this has written nothing.
    Atomics.store(record.words, record.index(CHANNEL.PUBLISHED), next);
    this.#published = next;
    // SYNC channel-sleep: published first.
    if (record.load(CHANNEL.READERS_ASLEEP) !== 0) record.ringReaders();
  }

  /**
   * Says that this thread sleeps until a reader is done with a version; the bell's value to sleep on, undefined when there
   * is nothing to wait for. It sleeps for one reader at a time: to be woken by each would cost a wake-up per reader.
   */
  announceSleep(most?: number): number | undefined {
    const { record } = this;
    for (;;) {
      const seat = this.laggard(most);
      if (seat < 0) return undefined;
      const bell = Atomics.load(record.words, this.bellIndex);
      // SYNC channel-sleep: said before the last look, and that is at the same reader: another would not ring.
      Atomics.store(record.words, record.index(CHANNEL.WRITER_AWAITS), seat + 1);
      if (this.#unreadAt(seat) > (most ?? this.#depth - 1)) return bell;
    }
  }

  /** Gives the role up, and the record with it when nobody else is there. The channel ends as `state` says. */
  leave(state: number): void {
    this.record.end(state);
    this.record.leaveRole(this.record.index(CHANNEL.WRITER), this.#client);
    this.record.freeIfLeft();
  }

  #unreadAt(seat: number): number {
    // SYNC channel-consume: who has left before this look reads nothing any more.
    if (this.record.isLeft(seat)) return 0;
    return unread(this.#published, this.record.cursorOfSeat(seat));
  }
}
