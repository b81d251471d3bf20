/** All channels of a store: claiming records, finding them by token, and recovering what the dead had. */
import {
  CHANNEL,
  CHANNEL_STATE,
  type ChannelWord,
  decodeChannelWord,
  encodeChannelWord,
  MAX_CHANNELS,
  nextEpoch,
  SEAT,
  unread,
} from '../../state/channel-layout.ts';
import { ACTOR } from '../../state/control-layout.ts';
import { InvariantError } from '../../state/errors.ts';
import type { ControlRegion } from '../control-region.ts';
import { ChannelRecord } from './channel-record.ts';

/** Where a channel is: a record, in one of its lives. */
export interface ChannelPlace {
  readonly channel: number;
  readonly epoch: number;
}

export class ChannelTable {
  readonly #control: ControlRegion;

  constructor(control: ControlRegion) {
    this.#control = control;
  }

  /** Opens a channel for a client; undefined when all records are taken. */
  create(client: number, seats: number, depth: number, firstVersion = 0): ChannelPlace | undefined {
    const place = this.claim(client);
    if (place !== undefined) this.#record(place).open(client + 1, seats, depth, firstVersion);
    return place;
  }

  /** The first half of {@link create}: a record that nobody else can take. */
  claim(client: number): ChannelPlace | undefined {
    for (let channel = 0; channel < MAX_CHANNELS; channel++) {
      const { state, epoch } = this.#word(channel);
      if (state !== CHANNEL_STATE.FREE) continue;
      // Before the claim: recovery looks at records below the mark only.
      this.#raiseHighWater(channel + 1);
      if (this.#claimRecord(channel, epoch, client + 1)) return { channel, epoch };
    }
    return undefined;
  }

  /** The record at a place, whatever has become of it; undefined for a place that never was. */
  find(place: ChannelPlace): ChannelRecord | undefined {
    return place.channel < this.#highWater ? this.#record(place) : undefined;
  }

  /** Channels that are open. */
  get openCount(): number {
    return this.#all().filter(({ state }) => state === CHANNEL_STATE.OPEN).length;
  }

  /**
   * Ends what depends on a client that is dead or has left, and gives up its roles. Called by the actor before the
   * client's objects go, so that a reader who misses one sees why.
   */
  leaveAll(client: number): void {
    for (const { channel, state, creator, epoch } of this.#all()) {
      const record = this.#record({ channel, epoch });
      if (state === CHANNEL_STATE.CLAIMED && creator === client + 1)
        this.#abandonClaim(channel, epoch, creator);
      if (state < CHANNEL_STATE.OPEN) continue;
      if (record.leaveRole(record.index(CHANNEL.WRITER), client)) record.end(CHANNEL_STATE.WRITER_LOST);
      let hasLeft = false;
      for (let seat = 0; seat < record.seatsUsed; seat++)
        if (record.leaveRole(record.seatIndex(seat, SEAT.ROLE), client)) hasLeft = true;
      if (hasLeft) record.ringWriter();
      if (creator === client + 1) record.end(CHANNEL_STATE.CREATOR_LOST);
      // Also for who died between its last step and this one.
      record.freeIfLeft();
    }
  }

  /** Wakes everybody who waits at a channel: the store has ended. */
  ringAll(): void {
    for (const { channel, epoch } of this.#all()) {
      const record = this.#record({ channel, epoch });
      record.ringReaders();
      record.ringWriter();
    }
  }

  /** Throws `InvariantError` when a reader is ahead of its writer, or a version too many is unread. */
  verify(): void {
    for (const { channel, state, epoch } of this.#all()) {
      if (state !== CHANNEL_STATE.OPEN) continue;
      const record = this.#record({ channel, epoch });
      const published = record.load(CHANNEL.PUBLISHED);
      for (let seat = 0; seat < record.seatsUsed; seat++) {
        const versions = unread(published, record.cursorOfSeat(seat));
        if (record.isLeft(seat) || versions <= record.depth) continue;
        const message = `channel ${channel}: seat ${seat} has ${versions} versions to read of ${record.depth}`;
        throw new InvariantError(message, { channel, seat, versions });
      }
    }
  }

  get #highWater(): number {
    return this.#control.actorWord(ACTOR.CHANNEL_HIGH_WATER);
  }

  #all(): (ChannelWord & { readonly channel: number })[] {
    return Array.from({ length: this.#highWater }, (_, channel) => ({ channel, ...this.#word(channel) }));
  }

  #base(channel: number): number {
    return this.#control.layout.channelsOffset / 4 + channel * CHANNEL.WORDS;
  }

  #record({ channel, epoch }: ChannelPlace): ChannelRecord {
    return new ChannelRecord(this.#control.words, this.#base(channel), epoch);
  }

  #word(channel: number): ChannelWord {
    return decodeChannelWord(Atomics.load(this.#control.words, this.#base(channel) + CHANNEL.STATE));
  }

  #claimRecord(channel: number, epoch: number, creator: number): boolean {
    const before = encodeChannelWord({ state: CHANNEL_STATE.FREE, creator: 0, epoch });
    const claimed = encodeChannelWord({ state: CHANNEL_STATE.CLAIMED, creator, epoch });
    const index = this.#base(channel) + CHANNEL.STATE;
    return Atomics.compareExchange(this.#control.words, index, before, claimed) === before;
  }

  #abandonClaim(channel: number, epoch: number, creator: number): void {
    const claimed = encodeChannelWord({ state: CHANNEL_STATE.CLAIMED, creator, epoch });
    const free = encodeChannelWord({ state: CHANNEL_STATE.FREE, creator: 0, epoch: nextEpoch(epoch) });
    Atomics.compareExchange(this.#control.words, this.#base(channel) + CHANNEL.STATE, claimed, free);
  }

  #raiseHighWater(count: number): void {
    const { words } = this.#control;
    for (let seen = this.#highWater; seen < count; seen = this.#highWater)
      Atomics.compareExchange(words, ACTOR.CHANNEL_HIGH_WATER, seen, count);
  }
}
