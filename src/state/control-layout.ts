/**
 * Layout of the control region: the only shared memory that JavaScript computes on.
 *
 *     header │ actor words │ channels (1,024) │ clients (256) │ ledgers │ owners │ id buckets │ object table │ names │ call sites
 *
 * Words written by different threads stand {@link FALSE_SHARING_BYTES} apart. Pages that nobody touches cost nothing:
 * the region is reserved for the largest table and committed by use.
 */
import { CALL_SITE_TABLE_BYTES } from './call-site-layout.ts';
import { CHANNEL, MAX_CHANNELS } from './channel-layout.ts';
import { InvalidArgumentError } from './errors.ts';
import { FALSE_SHARING_BYTES, ringTotalBytes } from './ring-layout.ts';
import { NAME_BYTES, SLOT_BYTES } from './slot-layout.ts';

export const LAYOUT_MAGIC = 0x504c5344;
export const LAYOUT_VERSION = 1;

/**
 * Clients at one time: connections of threads, the creator's included; a thread may have several. The owners column has
 * 16 bits, the ledgers are reserved for all of them.
 */
export const MAX_CLIENTS = 256;

/** Words of the header, set once by the creator before anybody else looks. */
export const HEADER = Object.freeze({
  MAGIC: 0,
  VERSION: 1,
  MAX_OBJECTS: 2,
  MAX_CLIENTS: 3,
  /** 12 bytes that tell this store's automatic ids and tokens from any other's. */
  NONCE: 4,
  CLIENTS_OFFSET: 8,
  CLIENT_BYTES: 9,
  LEDGERS_OFFSET: 10,
  LEDGER_BYTES: 11,
  OWNERS_OFFSET: 12,
  BUCKETS_OFFSET: 13,
  BUCKET_COUNT: 14,
  OBJECTS_OFFSET: 15,
  TOTAL_BYTES: 16,
  /** 1 in debug mode: bytes are checked, and there is a table of call sites. */
  DEBUG: 17,
  NAMES_OFFSET: 18,
  WORDS: 19,
});
export const NONCE_BYTES = 12;

const line = (index: number): number => (index * FALSE_SHARING_BYTES) / 4;

/** Words around the allocator actor, one line each. */
export const ACTOR = Object.freeze({
  /** 1 while the actor waits in its event loop; who changes it to 0 rings the doorbell. */
  SLEEPING: line(1),
  /** Bumped behind each published request and whatever else the actor shall look at: what it watches while it spins, and before it sleeps. */
  ACTIVITY: line(2),
  /** Freed stack: slot number plus one, 0 when empty. Pushed by any thread, taken whole by the actor or by a client. */
  FREED_HEAD: line(3),
  /** Units freed and not yet taken back (an estimate that decides whether to ring). */
  FREED_UNITS: line(4),
  /** 1 while a create waits for memory: every push on the freed stack rings then. */
  WANTED: line(5),
  /** 0 open, 1 closed by its creator, 2 the actor died. */
  CLOSED: line(6),
  /** Slots below this number have been used at some time; scans end here. */
  OBJECT_HIGH_WATER: line(7),
  /** Clients below this number have existed at some time. Grown by compare-exchange. */
  CLIENT_HIGH_WATER: line(8),
  /** Bumped by the actor behind each recall of leases: a client's stock then has entries that are not its own any more. */
  RECALLS: line(9),
  /** Settled stack: slots that somebody waited for and that were sealed or aborted. Slot number plus one, 0 when empty. */
  SETTLED_HEAD: line(10),
  /** 1 while somebody waits for an id that nobody has created: who creates a named object marks it as awaited. */
  IDS_AWAITED: line(11),
  /** Channels below this number have existed at some time. Grown by compare-exchange. */
  CHANNEL_HIGH_WATER: line(12),
  /** Objects whose bytes were found changed after sealing, in debug mode. */
  DAMAGED: line(13),
  /** Free slots: slot number plus one, 0 when there is none below the high water. Under a native lock. */
  FREE_SLOTS: line(14),
  /** Of what was freed, that whose block lies on disk: a stack as the freed one, taken by the actor alone. */
  FREED_ON_DISK_HEAD: line(15),
  /** Clients take blocks by themselves up to this place of the primary pool. Written by the actor, as memory is populated. */
  OWN_END_UNITS: line(16),
  /** A client that allocates beyond this alerts the actor, once: it changes the word to NO_WATCH. */
  WATCH_ABOVE_UNITS: line(17),
});

/** Value of ACTOR.WATCH_ABOVE_UNITS: nobody need tell the actor how much is allocated. */
export const NO_WATCH = 0xffffffff;

/** An entry of the owners column, 16 bits: the client's number plus one, 0 for nobody. */
export const OWNER = Object.freeze({
  CLIENT_MASK: 0x7fff,
  /** The lease is for a create that is under way, so it is not in a stock and is not recalled. */
  ANSWER_BIT: 0x8000,
});

/** Values of ACTOR.CLOSED. */
export const CLOSED = Object.freeze({ OPEN: 0, BY_CREATOR: 1, ACTOR_DIED: 2 });

/** Words of one client record; the rings follow. */
export const CLIENT = Object.freeze({
  /** Low 8 bits: see CLIENT_STATE; above: the epoch, incremented each time the record is recycled. */
  STATE: line(0),
  /** How the client sleeps: see PARKING. */
  PARKING: line(1),
  /** Collections this client has run on request. */
  COLLECTIONS: line(2),
  RINGS: line(3),
});

/** States of a client record. free → live by compare-exchange of the client; live → dead at its death or
 * disconnection, natively; dead → free by the actor after recovery. */
export const CLIENT_STATE = Object.freeze({ FREE: 0, LIVE: 1, DEAD: 2, MASK: 0xff, EPOCH_SHIFT: 8 });

/** Values of CLIENT.PARKING. */
export const PARKING = Object.freeze({
  AWAKE: 0,
  /** In its event loop with calls pending: wake it by its doorbell. */
  IN_LOOP: 1,
  /** In `Atomics.wait` on this word: wake it by `Atomics.notify`. */
  IN_WAIT: 2,
});

/** Capacity of each of a client's two rings in words: 1,000 calls in flight of at most 16 words each. */
export const RING_CAPACITY_WORDS = 16_384;

/** Most objects a store can be created for; offsets in the control region stay below 4 GiB. */
export const MAX_OBJECTS_LIMIT = 1 << 24;
/** Objects a store is created for when nothing is said. */
export const MAX_OBJECTS_DEFAULT = 1 << 20;

/** Byte offsets of the parts of a control region. */
export interface ControlLayout {
  readonly maxObjects: number;
  readonly debug: boolean;
  readonly channelsOffset: number;
  readonly clientsOffset: number;
  readonly clientBytes: number;
  readonly requestRingOffset: number;
  readonly replyRingOffset: number;
  readonly ledgersOffset: number;
  readonly ledgerBytes: number;
  readonly ownersOffset: number;
  readonly bucketsOffset: number;
  readonly bucketCount: number;
  readonly objectsOffset: number;
  readonly namesOffset: number;
  readonly callSitesOffset: number;
  readonly totalBytes: number;
}

/** Computes the layout for a number of objects; in debug mode there are call sites. */
export function controlLayout(maxObjects: number, debug = false): ControlLayout {
  if (!Number.isInteger(maxObjects) || maxObjects < 1 || maxObjects > MAX_OBJECTS_LIMIT) {
    throw new InvalidArgumentError(
      `maxObjects must be an integer from 1 to ${MAX_OBJECTS_LIMIT}, not ${maxObjects}`,
      { name: 'maxObjects', value: maxObjects },
    );
  }
  const channelsOffset = ACTOR.WATCH_ABOVE_UNITS * 4 + FALSE_SHARING_BYTES;
  const clientsOffset = channelsOffset + MAX_CHANNELS * CHANNEL.WORDS * 4;
  const ringBytes = alignUp(ringTotalBytes(RING_CAPACITY_WORDS));
  const requestRingOffset = CLIENT.RINGS * 4;
  const replyRingOffset = requestRingOffset + ringBytes;
  const clientBytes = replyRingOffset + ringBytes;
  const ledgersOffset = clientsOffset + MAX_CLIENTS * clientBytes;
  const ledgerBytes = alignUp(Math.ceil(maxObjects / 8));
  const ownersOffset = ledgersOffset + MAX_CLIENTS * ledgerBytes;
  const bucketsOffset = alignUp(ownersOffset + maxObjects * 2);
  // One or two named objects to a bucket when all slots are named.
  const bucketCount = 2 ** Math.floor(Math.log2(maxObjects));
  const objectsOffset = alignUp(bucketsOffset + bucketCount * 4);
  const namesOffset = alignUp(objectsOffset + maxObjects * SLOT_BYTES);
  const callSitesOffset = alignUp(namesOffset + maxObjects * NAME_BYTES);
  return Object.freeze({
    maxObjects,
    debug,
    channelsOffset,
    clientsOffset,
    clientBytes,
    requestRingOffset,
    replyRingOffset,
    ledgersOffset,
    ledgerBytes,
    ownersOffset,
    bucketsOffset,
    bucketCount,
    objectsOffset,
    namesOffset,
    callSitesOffset,
    totalBytes: alignUp(callSitesOffset + (debug ? CALL_SITE_TABLE_BYTES : 0)),
  });
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / FALSE_SHARING_BYTES) * FALSE_SHARING_BYTES;
}
