/**
 * Layout of the channels in the control region: one record per channel, in 32-bit words.
 *
 *     state, size │ published, writer │ readers' bell │ writer's bell │ versions (16) │ seat 0 │ … │ seat 63
 *
 * A version is an object of the store like any other; the record says which. A reader's cursor counts the versions that
 * it is done with, so that every word has one writer, and whoever dies leaves nothing but the name in its own role.
 */
import { FALSE_SHARING_BYTES } from './ring-layout.ts';

const LINE_WORDS = FALSE_SHARING_BYTES / 4;
const line = (index: number): number => index * LINE_WORDS;

/** Channels of a store at one time. */
export const MAX_CHANNELS = 1024;
/** Readers of one channel. */
export const MAX_SEATS = 64;
/** Most versions that a channel keeps. The ring of versions always has that many places: numbers wrap around at 2^32. */
export const MAX_DEPTH = 16;

/** Words of a channel's record. */
export const CHANNEL = Object.freeze({
  /** See {@link encodeChannelWord}. */
  STATE: line(0),
  /** Seats and versions kept: written by the creator before the channel is open. */
  SEATS_USED: line(0) + 1,
  DEPTH: line(0) + 2,
  /** Versions ever published, modulo 2^32. Written by the writer alone. */
  PUBLISHED: line(1),
  /** Role of the writer, see {@link encodeRole}. */
  WRITER: line(1) + 1,
  /** 1 while a reader may sleep; who changes it to 0 bumps the bell behind it and notifies. */
  READERS_ASLEEP: line(2),
  READERS_BELL: line(2) + 1,
  /** Seat (plus one) for which the writer sleeps; its reader, or who ends the channel, changes it to 0 and rings. */
  WRITER_AWAITS: line(3),
  WRITER_BELL: line(3) + 1,
  /** Slot and generation of version `v` at `(v % MAX_DEPTH) * 2`. Written by the writer before it publishes. */
  VERSIONS: line(4),
  SEATS: line(5),
  SEAT_WORDS: LINE_WORDS,
  WORDS: line(5 + MAX_SEATS),
});

/** Words of a seat. */
export const SEAT = Object.freeze({
  /** Role of its reader. */
  ROLE: 0,
  /** Versions that its reader is done with, modulo 2^32. Written by the reader alone. */
  CURSOR: 1,
});

/** What a channel's state can be. All but the first three are ends. */
export const CHANNEL_STATE = Object.freeze({
  FREE: 0,
  /** Its creator is writing the record. */
  CLAIMED: 1,
  OPEN: 2,
  /** The writer has finished, and every reader has read all. */
  FINISHED: 3,
  /** Somebody closed it for all. */
  CLOSED: 4,
  WRITER_LOST: 5,
  CREATOR_LOST: 6,
});

/** A channel's state word: the one truth about its life. */
export interface ChannelWord {
  readonly state: number;
  /** Client plus one, 0 for nobody: with the creator's end an open channel ends. */
  readonly creator: number;
  /** Counts the lives of the record: tokens and roles of an earlier one are refused. */
  readonly epoch: number;
}

const STATE_BITS = 3;
const HOLDER_BITS = 9;
const EPOCH_BITS = 20;
const EPOCH_MASK = (1 << EPOCH_BITS) - 1;

/** `epoch (20 bits) │ creator (9) │ state (3)`, as a signed word. */
export function encodeChannelWord({ state, creator, epoch }: ChannelWord): number {
  return ((epoch & EPOCH_MASK) << (STATE_BITS + HOLDER_BITS)) | (creator << STATE_BITS) | state;
}

export function decodeChannelWord(word: number): ChannelWord {
  return {
    state: word & ((1 << STATE_BITS) - 1),
    creator: (word >>> STATE_BITS) & ((1 << HOLDER_BITS) - 1),
    epoch: word >>> (STATE_BITS + HOLDER_BITS),
  };
}

/** Holders of a role: a client plus one, or one of these. */
export const HOLDER = Object.freeze({ NOBODY: 0, LEFT: (1 << HOLDER_BITS) - 1 });

/** `epoch │ holder (9 bits)`, as a signed word: a role of another life of the record is never taken by mistake. */
export function encodeRole(epoch: number, holder: number): number {
  return ((epoch & EPOCH_MASK) << HOLDER_BITS) | holder;
}

export function holderOf(role: number): number {
  return role & ((1 << HOLDER_BITS) - 1);
}

/** The epoch of the record's next life. */
export function nextEpoch(epoch: number): number {
  return (epoch + 1) & EPOCH_MASK;
}

/** Versions that a reader has still to read; both numbers wrap around. */
export function unread(published: number, cursor: number): number {
  return (published - cursor) >>> 0;
}
