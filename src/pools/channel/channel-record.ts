/**
 * One channel in shared memory, in one of its lives: its state, and who has which role.
 *
 * Hand-offs between threads, each labelled at both ends:
 *
 * - `SYNC channel-open`: the creator's store of the state makes the record behind it visible.
 * - `SYNC channel-publish`: the writer's store of its number makes the version behind it visible to the readers.
 * - `SYNC channel-consume`: a reader's store of its cursor makes the version's place free for the writer.
 * - `SYNC channel-sleep`: who sleeps says so, then looks once more; who changes something does it first, then looks
 *   whether anybody sleeps. All are sequentially consistent, so one of the two sees the other.
 * - `SYNC channel-end`: who ends a channel changes the state first and rings then; sleepers look at the state last.
 */
import {
  CHANNEL,
  CHANNEL_STATE,
  decodeChannelWord,
  encodeChannelWord,
  encodeRole,
  HOLDER,
  holderOf,
  nextEpoch,
  SEAT,
} from '../../state/channel-layout.ts';
import type { SharedWords } from '../ring/ring.ts';

export class ChannelRecord {
  readonly words: SharedWords;
  readonly epoch: number;
  readonly #base: number;

  /** `base` is the index of the record's first word. */
  constructor(words: SharedWords, base: number, epoch: number) {
    this.words = words;
    this.#base = base;
    this.epoch = epoch;
  }

  /** Index in {@link words} of a word of the record. */
  index(word: number): number {
    return this.#base + word;
  }

  seatIndex(seat: number, word: number): number {
    return this.#base + CHANNEL.SEATS + seat * CHANNEL.SEAT_WORDS + word;
  }

  load(word: number): number {
    return Atomics.load(this.words, this.index(word));
  }

  /** A value of `CHANNEL_STATE`; `FREE` when this life of the record is over. */
  get state(): number {
    const { state, epoch } = decodeChannelWord(this.load(CHANNEL.STATE));
    return epoch === this.epoch ? state : CHANNEL_STATE.FREE;
  }

  get seatsUsed(): number {
    return this.load(CHANNEL.SEATS_USED);
  }

  get depth(): number {
    return this.load(CHANNEL.DEPTH);
  }

  /** Writes a record that `creator` has claimed, and opens it. `firstVersion` is 0 but in tests of the wrap-around. */
  open(creator: number, seats: number, depth: number, firstVersion: number): void {
    const store = (word: number, value: number): number => Atomics.store(this.words, this.index(word), value);
    store(CHANNEL.SEATS_USED, seats);
    store(CHANNEL.DEPTH, depth);
    store(CHANNEL.PUBLISHED, firstVersion | 0);
    store(CHANNEL.READERS_ASLEEP, 0);
    store(CHANNEL.WRITER_AWAITS, 0);
    for (let seat = 0; seat < seats; seat++) {
      Atomics.store(this.words, this.seatIndex(seat, SEAT.CURSOR), firstVersion | 0);
      Atomics.store(this.words, this.seatIndex(seat, SEAT.ROLE), encodeRole(this.epoch, HOLDER.NOBODY));
    }
    store(CHANNEL.WRITER, encodeRole(this.epoch, HOLDER.NOBODY));
    // SYNC channel-open: behind everything else.
    store(CHANNEL.STATE, encodeChannelWord({ state: CHANNEL_STATE.OPEN, creator, epoch: this.epoch }));
  }

  /** Takes a role for a client, if `from` has it: one of `HOLDER`. */
  takeRole(index: number, client: number, from: number): boolean {
    const expected = encodeRole(this.epoch, from);
    const wanted = encodeRole(this.epoch, client + 1);
    if (Atomics.compareExchange(this.words, index, expected, wanted) !== expected) return false;
    // The record may have begun another life between the look at its state and this step: then the role is void.
    if (this.state === CHANNEL_STATE.OPEN) return true;
    this.leaveRole(index, client);
    return false;
  }

  /** Whether the role was this client's. Nobody waits for it from now on. */
  leaveRole(index: number, client: number): boolean {
    const held = encodeRole(this.epoch, client + 1);
    const left = encodeRole(this.epoch, HOLDER.LEFT);
    return Atomics.compareExchange(this.words, index, held, left) === held;
  }

  /** Ends an open channel and wakes everybody. False when it had ended before. */
  end(state: number): boolean {
    for (;;) {
      const word = this.load(CHANNEL.STATE);
      const { state: before, creator, epoch } = decodeChannelWord(word);
      if (epoch !== this.epoch || before !== CHANNEL_STATE.OPEN) return false;
      const ended = encodeChannelWord({ state, creator, epoch });
      if (Atomics.compareExchange(this.words, this.index(CHANNEL.STATE), word, ended) === word) break;
    }
    // SYNC channel-end: behind the change.
    this.ringReaders();
    this.ringWriter();
    return true;
  }

  /** Gives the record back when it has ended and nobody has a role in it. Whoever leaves calls it; one of them succeeds. */
  freeIfLeft(): boolean {
    const word = this.load(CHANNEL.STATE);
    const { state, epoch } = decodeChannelWord(word);
    if (epoch !== this.epoch || state <= CHANNEL_STATE.OPEN || this.hasRoles) return false;
    const free = encodeChannelWord({ state: CHANNEL_STATE.FREE, creator: 0, epoch: nextEpoch(epoch) });
    return Atomics.compareExchange(this.words, this.index(CHANNEL.STATE), word, free) === word;
  }

  /** Whether a living client has a role. */
  get hasRoles(): boolean {
    if (this.writer !== undefined) return true;
    for (let seat = 0; seat < this.seatsUsed; seat++) if (this.readerOf(seat) !== undefined) return true;
    return false;
  }

  /** The client that writes. */
  get writer(): number | undefined {
    return clientOf(holderOf(this.load(CHANNEL.WRITER)));
  }

  /** The client that reads from a seat. */
  readerOf(seat: number): number | undefined {
    return clientOf(this.#holderOfSeat(seat));
  }

  /** Whether the seat's reader has left, or died, and nobody has come after it. */
  isLeft(seat: number): boolean {
    return this.#holderOfSeat(seat) === HOLDER.LEFT;
  }

  cursorOfSeat(seat: number): number {
    return Atomics.load(this.words, this.seatIndex(seat, SEAT.CURSOR));
  }

  ringReaders(): void {
    Atomics.store(this.words, this.index(CHANNEL.READERS_ASLEEP), 0);
    this.#ring(CHANNEL.READERS_BELL);
  }

  ringWriter(): void {
    Atomics.store(this.words, this.index(CHANNEL.WRITER_AWAITS), 0);
    this.#ring(CHANNEL.WRITER_BELL);
  }

  #holderOfSeat(seat: number): number {
    return holderOf(Atomics.load(this.words, this.seatIndex(seat, SEAT.ROLE)));
  }

  #ring(bell: number): void {
    Atomics.add(this.words, this.index(bell), 1);
    Atomics.notify(this.words, this.index(bell));
  }
}

function clientOf(holder: number): number | undefined {
  return holder === HOLDER.NOBODY || holder === HOLDER.LEFT ? undefined : holder - 1;
}
