/** The commands that lives are made of, and what has to happen at least once in all of them together. */
import * as fc from 'fast-check';
import { THREADS } from './threads.ts';
import type { Command, What } from './world.ts';

export const IDS = 4;
/** Around units, pages and leases, so that stocks, single blocks and the disk are all met. */
const SIZES = [0, 1, 63, 64, 65, 1_000, 1_000, 4_096, 10_000, 10_000, 100_000];

/** How often each is given. What needs a rare state is given often. */
const WEIGHTS: Readonly<Record<What, number>> = {
  ...{ put: 7, create: 9, seal: 6, abort: 1, forgetSlot: 1 },
  ...{ get: 5, getInto: 3, use: 2, releaseView: 2, forgetView: 1 },
  ...{ releaseRef: 5, forgetRef: 1, delete: 3, contains: 1 },
  ...{ byId: 3, deleteId: 2, containsId: 2, byToken: 4 },
  ...{ startGet: 8, startWait: 3, getNow: 2, waitNow: 2, cancel: 3 },
  ...{ channel: 3, openWriter: 4, openReader: 6, closeChannel: 1, isOpen: 1, unread: 1 },
  ...{ write: 7, startWrite: 4, closeWriter: 2, startClose: 1, abortWriter: 1 },
  ...{ read: 6, startRead: 5, readAll: 4, readRelease: 2, closeReader: 1 },
  ...{ collect: 1, trim: 1, look: 1 },
};

export const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.record({
    what: fc.constantFrom(
      ...(Object.entries(WEIGHTS) as [What, number][]).flatMap(([what, weight]) =>
        Array.from({ length: weight }, () => what),
      ),
    ),
    thread: fc.nat(THREADS.length - 1),
    pick: fc.nat(1_000),
    other: fc.nat(1_000),
    size: fc.constantFrom(...SIZES),
    id: fc.option(fc.nat(IDS - 1), { nil: undefined, freq: 2 }),
    sync: fc.boolean(),
    flag: fc.boolean(),
  }),
  { minLength: 1, maxLength: 80, size: 'max' },
);

/** The model is of use only when everything happens: also what fails, and what lies on disk. */
export const EXPECTED: readonly string[] = [
  ...['put: ok', 'put: ObjectExistsError', 'create: ok', 'create: ObjectExistsError'],
  ...['seal: ok', 'abort: ok', 'forgetSlot: ok', 'blockedGet: ok', 'blockedGet: ObjectNotSealedError'],
  ...['get: ok', 'get: ObjectNotFoundError', 'get: TimedOutError', 'releaseView: true', 'forgetView: ok'],
  ...['getInto: true', 'getInto: TimedOutError', 'use: true', 'releaseRef: true', 'forgetRef: ok'],
  ...['delete: true', 'delete: ObjectNotSealedError', 'contains: true'],
  ...['deleteId: true', 'deleteId: false'],
  ...['containsId: true', 'containsId: false', 'byId: ok', 'byId: ObjectNotFoundError'],
  ...['byToken: ok', 'byToken: ObjectNotFoundError', 'in primary', 'in fallback'],
  ...['collected', 'kept without refs'],
  ...['get ref: ok'],
  ...['get id: ok', 'get id: InterruptedError', 'get several: ok', 'get several: ObjectNotFoundError'],
  ...['get several: InterruptedError'],
  ...['wait: ready', 'waitNow: ready'],
  ...['getNow: ok', 'getNow: TimedOutError'],
  ...['openWriter: ok', 'openWriter: ChannelRoleTakenError', 'openWriter: ChannelError'],
  ...['openReader: ok', 'openReader: ChannelRoleTakenError', 'openReader: ChannelError'],
  ...['write: ok', 'write: ChannelTimeoutError', 'write: ChannelError', 'write: ChannelUsageError'],
  ...['read: ok', 'read: ChannelTimeoutError', 'read: ChannelError', 'read: ChannelUsageError'],
  ...['readAll: ok', 'readAll: ChannelTimeoutError', 'readAll: ChannelError'],
  ...['readRelease: ChannelUsageError', 'closeReader: ok', 'abortWriter: ok'],
  ...['closeWriter: ok', 'closeWriter: ChannelTimeoutError', 'startClose: ok', 'startWrite: ok'],
  ...['startWrite: ChannelError', 'startWrite: ChannelUsageError'],
  ...['startRead: ok', 'startRead: ChannelError', 'startRead: ChannelUsageError'],
];

/** What takes several rare states at once: thousands of lives meet all of it, hundreds most of it. */
export const RARE: readonly string[] = [
  'contains: false',
  'delete: false',
  'deleteId: ObjectNotSealedError',
  'evicted',
  'get ref: InterruptedError',
  'get ref: ObjectNotFoundError',
  'get ref: RefReleasedError',
  'get several: RefReleasedError',
  'getInto: ObjectNotFoundError',
  'getNow: ObjectNotFoundError',
  'read: ChannelFinishedError',
  'readRelease: ok',
  'startRead: ChannelFinishedError',
  'startRead: InterruptedError',
  'startWrite: InterruptedError',
  'use: ObjectNotFoundError',
  'wait: InterruptedError',
  'wait: RefReleasedError',
];

/** Methods that some hundred lives may do without: an iteration that needs versions and the end of the channel behind them. */
export const RARELY_CALLED: readonly string[] = ['ChannelReader.[Symbol.asyncIterator]'];
