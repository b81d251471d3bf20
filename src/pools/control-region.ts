/** Reading and writing the words of a control region (`src/state/control-layout.ts`). */
import {
  ACTOR,
  CLIENT,
  CLIENT_STATE,
  type ControlLayout,
  controlLayout,
  HEADER,
  LAYOUT_MAGIC,
  LAYOUT_VERSION,
  MAX_CLIENTS,
  NONCE_BYTES,
  OWNER,
} from '../state/control-layout.ts';
import { InvalidArgumentError } from '../state/errors.ts';
import { decodeHeader, type HeaderWord } from '../state/header-word.ts';
import { ObjectId } from '../state/ids/object-id.ts';
import type { ObjectState } from '../state/lifecycle/codes.ts';
import { CHECKSUM, ID_BYTES, NAME, SLOT, UNIT_BYTES } from '../state/slot-layout.ts';

const TWO_32 = 2 ** 32;

/** A view of a control region; every thread makes its own on the same shared buffer. */
export class ControlRegion {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly layout: ControlLayout;
  /** 12 bytes that tell this store from any other. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly #objectsIndex: number;
  readonly #owners: Uint16Array;
  readonly #ledgers: Uint8Array;

  /** Views a region that {@link ControlRegion.initialise} has written. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    if (this.words[HEADER.MAGIC] !== LAYOUT_MAGIC || this.words[HEADER.VERSION] !== LAYOUT_VERSION) {
      throw new InvalidArgumentError('this is not the handle of a store of this version of Plasmoid', {
        name: 'handle',
      });
    }
    this.layout = controlLayout(this.words[HEADER.MAX_OBJECTS] ?? 0, this.words[HEADER.DEBUG] === 1);
    this.nonce = new Uint8Array(buffer, HEADER.NONCE * 4, NONCE_BYTES).slice();
    this.#objectsIndex = this.layout.objectsOffset / 4;
    this.#owners = new Uint16Array(buffer, this.layout.ownersOffset, this.layout.maxObjects);
    this.#ledgers = new Uint8Array(buffer, this.layout.ledgersOffset, MAX_CLIENTS * this.layout.ledgerBytes);
  }

  /** Writes the header of a fresh region. */
  static initialise(buffer: SharedArrayBuffer, layout: ControlLayout, nonce: Uint8Array): ControlRegion {
    const words = new Int32Array(buffer, 0, HEADER.WORDS);
    words[HEADER.VERSION] = LAYOUT_VERSION;
    words[HEADER.MAX_OBJECTS] = layout.maxObjects;
    words[HEADER.MAX_CLIENTS] = MAX_CLIENTS;
    new Uint8Array(buffer, HEADER.NONCE * 4, NONCE_BYTES).set(nonce);
    words[HEADER.CLIENTS_OFFSET] = layout.clientsOffset;
    words[HEADER.CLIENT_BYTES] = layout.clientBytes;
    words[HEADER.LEDGERS_OFFSET] = layout.ledgersOffset;
    words[HEADER.LEDGER_BYTES] = layout.ledgerBytes;
    words[HEADER.OWNERS_OFFSET] = layout.ownersOffset;
    words[HEADER.BUCKETS_OFFSET] = layout.bucketsOffset;
    words[HEADER.BUCKET_COUNT] = layout.bucketCount;
    words[HEADER.OBJECTS_OFFSET] = layout.objectsOffset;
    words[HEADER.NAMES_OFFSET] = layout.namesOffset;
    words[HEADER.TOTAL_BYTES] = layout.totalBytes;
    words[HEADER.DEBUG] = layout.debug ? 1 : 0;
    words[HEADER.MAGIC] = LAYOUT_MAGIC;
    return new ControlRegion(buffer);
  }

  /** The store's own name: its nonce in hexadecimal. */
  get name(): string {
    return Buffer.from(this.nonce).toString('hex');
  }

  /** One of the words around the actor. */
  actorWord(word: number): number {
    return Atomics.load(this.words, word);
  }

  setActorWord(word: number, value: number): void {
    Atomics.store(this.words, word, value);
  }

  /** Index in {@link words} of a word of a client's record. */
  clientIndex(client: number, word: number): number {
    return (this.layout.clientsOffset + client * this.layout.clientBytes) / 4 + word;
  }

  clientState(client: number): number {
    return Atomics.load(this.words, this.clientIndex(client, CLIENT.STATE));
  }

  /** Numbers of the clients that are connected. */
  get liveClients(): number[] {
    const clients = Array.from({ length: this.actorWord(ACTOR.CLIENT_HIGH_WATER) }, (_, client) => client);
    return clients.filter((client) => (this.clientState(client) & CLIENT_STATE.MASK) === CLIENT_STATE.LIVE);
  }

  /** Whether a client has left or died, and the actor has not recovered its record yet. */
  get hasDeadClient(): boolean {
    const clients = this.actorWord(ACTOR.CLIENT_HIGH_WATER);
    for (let client = 0; client < clients; client++) {
      if ((this.clientState(client) & CLIENT_STATE.MASK) === CLIENT_STATE.DEAD) return true;
    }
    return false;
  }

  /** Byte offset of a client's request or reply ring. */
  ringOffset(client: number, which: 'request' | 'reply'): number {
    const { clientsOffset, clientBytes, requestRingOffset, replyRingOffset } = this.layout;
    const within = which === 'request' ? requestRingOffset : replyRingOffset;
    return clientsOffset + client * clientBytes + within;
  }

  /** Slots below this number have been used at some time. */
  get objectHighWater(): number {
    return this.actorWord(ACTOR.OBJECT_HIGH_WATER);
  }

  /** Whether another slot can be had; any thread may take it first. */
  get hasFreeSlot(): boolean {
    return this.actorWord(ACTOR.FREE_SLOTS) !== 0 || this.objectHighWater < this.layout.maxObjects;
  }

  /** A word of a slot's record, unsigned. */
  slotWord(slot: number, word: number): number {
    return (this.words[this.#objectsIndex + slot * SLOT.WORDS + word] ?? 0) >>> 0;
  }

  setSlotWord(slot: number, word: number, value: number): void {
    this.words[this.#objectsIndex + slot * SLOT.WORDS + word] = value;
  }

  /** The decoded header of a slot. Consistent only while nobody changes it: its two halves are two loads. */
  header(slot: number): HeaderWord {
    return decodeHeader(this.slotWord(slot, SLOT.HEADER), this.slotWord(slot, SLOT.GENERATION));
  }

  /** State of the object at a place; undefined when it has gone, and the slot with it or to another. */
  stateAt({
    slot,
    generation,
  }: {
    readonly slot: number;
    readonly generation: number;
  }): ObjectState | undefined {
    if (slot >= this.layout.maxObjects) return undefined;
    const header = this.header(slot);
    return header.generation === generation ? header.state : undefined;
  }

  /** Milliseconds since the object was created. The bridge's clock wraps: only differences mean something. */
  ageMs(slot: number, nowMs: number): number {
    return (nowMs - this.slotWord(slot, SLOT.CREATED_MS)) >>> 0;
  }

  /** Milliseconds since the object was sealed, or its last window went. */
  idleMs(slot: number, nowMs: number): number {
    return (nowMs - this.slotWord(slot, SLOT.LAST_USE_MS)) >>> 0;
  }

  /** Bytes of the block behind a slot. */
  blockBytes(slot: number): number {
    return this.slotWord(slot, SLOT.CAPACITY_UNITS) * UNIT_BYTES;
  }

  /** In debug mode: whether the object's bytes were found changed. */
  isDamaged(slot: number): boolean {
    const sum = this.slotWord(slot, SLOT.CHECKSUM);
    return sum === CHECKSUM.DAMAGED || sum === CHECKSUM.EVIDENCE;
  }

  sizeBytes(slot: number): number {
    return this.slotWord(slot, SLOT.SIZE_LOW) + this.slotWord(slot, SLOT.SIZE_HIGH) * TWO_32;
  }

  /** The id that the creator chose; meaningful when the header says `named`. */
  idBytes(slot: number): Uint8Array {
    const offset = this.layout.namesOffset + (slot * NAME.WORDS + NAME.ID) * 4;
    return new Uint8Array(this.buffer, offset, ID_BYTES).slice();
  }

  /** The id of the object in a slot: the one chosen for it, or one that names the place. */
  idOf(slot: number): ObjectId {
    const { named, generation } = this.header(slot);
    return named ? ObjectId.fromBinary(this.idBytes(slot)) : ObjectId.forSlot(this.nonce, slot, generation);
  }

  /** The client that the slot was last leased to. */
  owner(slot: number): number | undefined {
    const owner = (this.#owners[slot] ?? 0) & OWNER.CLIENT_MASK;
    return owner === 0 ? undefined : owner - 1;
  }

  /** Whether a client's ledger says that it holds a slot. */
  holds(client: number, slot: number): boolean {
    const byte = this.#ledgers[client * this.layout.ledgerBytes + (slot >>> 3)] ?? 0;
    return ((byte >>> (slot & 7)) & 1) === 1;
  }
}
