/** A channel as its users are told of it: versions, seats, and who may do what next. */
import type { ModelObject } from './model.ts';

/** A place for a reader, and how many versions whoever has it is done with. */
interface Seat {
  holder: 'nobody' | 'left' | 'taken';
  done: number;
}

export class ModelChannel {
  readonly depth: number;
  state: 'open' | 'closed' | 'finished' = 'open';
  writer: 'nobody' | 'left' | 'taken' = 'nobody';
  /** All that were ever written. */
  readonly versions: ModelObject[] = [];
  /** The last so many of them the writer still holds. */
  kept = 0;
  readonly #seats: Seat[];

  constructor(readers: number, depth: number) {
    this.depth = depth;
    this.#seats = Array.from({ length: readers }, () => ({ holder: 'nobody', done: 0 }));
  }

  /** The error of whoever uses it, if it has ended: when all have left, nobody knows any more how. */
  get ended(): string | undefined {
    if (this.state === 'open') return undefined;
    const hasRoles = this.writer === 'taken' || this.#seats.some(({ holder }) => holder === 'taken');
    return this.state === 'finished' && hasRoles ? 'ChannelFinishedError' : 'ChannelError';
  }

  /** A seat that nobody had, to read from the first version on, or one that was left, for what is still to come. */
  takeSeat(): Seat | undefined {
    const fresh = this.#seats.find(({ holder }) => holder === 'nobody');
    const seat = fresh ?? this.#seats.find(({ holder }) => holder === 'left');
    if (seat === undefined) return undefined;
    if (seat.holder === 'left') seat.done = this.versions.length;
    seat.holder = 'taken';
    return seat;
  }

  unreadAt({ holder, done }: Seat): number {
    return holder === 'left' ? 0 : this.versions.length - done;
  }

  /** Versions that somebody has still to read, perhaps somebody who has not come yet. */
  get unread(): number {
    return Math.max(...this.#seats.map((seat) => this.unreadAt(seat)));
  }

  get hasNoReaders(): boolean {
    return this.#seats.every(({ holder }) => holder === 'left');
  }
}

/** One thread's end of a channel. */
export interface ModelEnd {
  readonly thread: number;
  readonly channel: ModelChannel;
  /** The seat of a reader; a writer has none. */
  readonly seat: Seat | undefined;
  /** The key of the view that was acquired and not released. */
  acquired: number | undefined;
  /** The key of the call under way. */
  call: number | undefined;
  closed: boolean;
}

/** Why the next read of this end cannot give a version, or `undefined` when it can. */
export function readFailure({ channel, seat, acquired, call, closed }: ModelEnd): string | undefined {
  // The end of a channel is told before a mistake.
  if (acquired !== undefined && channel.state === 'closed') return 'ChannelError';
  if (acquired !== undefined || closed || call !== undefined) return 'ChannelUsageError';
  if (channel.ended !== undefined) return channel.ended;
  return seat !== undefined && channel.unreadAt(seat) > 0 ? undefined : 'ChannelTimeoutError';
}

/** As {@link readFailure}, of the next write. */
export function writeFailure({ channel, call, closed }: ModelEnd): string | undefined {
  if (closed || call !== undefined) return 'ChannelUsageError';
  if (channel.ended !== undefined) return channel.ended;
  if (channel.hasNoReaders) return 'ChannelError';
  return channel.unread < channel.depth ? undefined : 'ChannelTimeoutError';
}

/** As {@link readFailure}, of finishing: a writer has nothing to finish when the channel has ended otherwise. */
export function closeFailure({ channel, call, closed }: ModelEnd): string | undefined {
  if (closed) return undefined;
  if (call !== undefined) return 'ChannelUsageError';
  return channel.state !== 'open' || channel.unread === 0 ? undefined : 'ChannelTimeoutError';
}
