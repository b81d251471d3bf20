/** Clients that wait until objects are sealed, or until somebody creates and seals objects under ids of their choice. */
import type { BridgeActor } from '../../pools/bridge.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import type { SharedWords } from '../../pools/ring/ring.ts';
import { STATUS } from '../../state/bridge-status.ts';
import { ACTOR } from '../../state/control-layout.ts';
import { ID_BYTES } from '../../state/slot-layout.ts';
import { AWAITED, MORE_FOLLOWS, REPLY } from '../protocol.ts';
import type { ClientLink } from './client-link.ts';

/** One request under way. */
interface Wait {
  readonly link: ClientLink;
  readonly request: number;
  /** Infinite while records of the request are to come. */
  needed: number;
  settled: number;
  /** Takes it out of the tables below. */
  readonly leave: (() => void)[];
}

/** An object that somebody waits for, under its slot's number. */
interface AwaitedPlace {
  readonly wait: Wait;
  readonly generation: number;
}

const BATCH_SLOTS = 256;

export class ObjectWaits {
  readonly #control: ControlRegion;
  readonly #bridge: BridgeActor;
  readonly #waits = new Map<ClientLink, Map<number, Wait>>();
  readonly #bySlot = new Map<number, Set<AwaitedPlace>>();
  /** By hexadecimal id; a request that names an id twice is there twice. */
  readonly #byId = new Map<string, Wait[]>();
  readonly #batch = new Uint32Array(BATCH_SLOTS);
  readonly #place = new Uint32Array(2);

  constructor(control: ControlRegion, bridge: BridgeActor) {
    this.#control = control;
    this.#bridge = bridge;
  }

  /** Requests under way. */
  get length(): number {
    let count = 0;
    for (const waits of this.#waits.values()) count += waits.size;
    return count;
  }

  /** Whether a slot that somebody waited for has come. */
  get hasSettled(): boolean {
    return this.#control.actorWord(ACTOR.SETTLED_HEAD) !== 0;
  }

  /** One record of a request: `needed, name …`. */
  add(link: ClientLink, request: number, words: SharedWords, start: number, length: number): void {
    const wait = this.#waitOf(link, request);
    for (let index = start + 1; index < start + length; ) {
      if (words[index] === AWAITED.PLACE) {
        this.#awaitPlace(wait, (words[index + 1] ?? 0) >>> 0, (words[index + 2] ?? 0) >>> 0);
        index += 3;
      } else {
        this.#awaitId(
          wait,
          new Uint8Array(Int32Array.from(words.subarray(index + 1, index + 1 + ID_BYTES / 4)).buffer),
        );
        index += 1 + ID_BYTES / 4;
      }
    }
    const needed = words[start] ?? 0;
    if (needed === MORE_FOLLOWS) return;
    wait.needed = needed;
    this.#finishIfDone(wait);
  }

  /** Forgets a request whose caller gave up. */
  cancel(link: ClientLink, request: number): void {
    const wait = this.#waits.get(link)?.get(request);
    if (wait !== undefined) this.#remove(wait);
  }

  /** Forgets the requests of a client that has died. */
  removeClient(link: ClientLink): void {
    for (const wait of this.#waits.get(link)?.values() ?? []) this.#remove(wait);
    this.#waits.delete(link);
  }

  /** Tells everybody about the objects that were settled since the last call; their number. */
  serve(): number {
    let settled = 0;
    for (;;) {
      const count = this.#bridge.takeSettled(this.#batch);
      if (count === 0) return settled;
      settled += count;
      for (const slot of this.#batch.subarray(0, count)) this.#look(slot);
    }
  }

  #look(slot: number): void {
    for (const awaited of this.#bySlot.get(slot) ?? []) {
      // A slot may come for an object before the awaited one; this look then asks for it again.
      if (this.#bridge.awaitSettled(slot, awaited.generation) === STATUS.NOT_SEALED) continue;
      this.#leaveSlot(slot, awaited);
      this.#settle(awaited.wait);
    }
    if (this.#byId.size === 0 || !this.#control.header(slot).named) return;
    const id = hexOf(this.#control.idBytes(slot));
    const waits = this.#byId.get(id) ?? [];
    this.#byId.delete(id);
    this.#announceIds();
    for (const wait of waits) this.#settle(wait);
  }

  #awaitPlace(wait: Wait, slot: number, generation: number): void {
    if (this.#bridge.awaitSettled(slot, generation) !== STATUS.NOT_SEALED) {
      this.#settle(wait);
      return;
    }
    const awaited = { wait, generation };
    const others = this.#bySlot.get(slot);
    if (others === undefined) this.#bySlot.set(slot, new Set([awaited]));
    else others.add(awaited);
    wait.leave.push(() => this.#leaveSlot(slot, awaited));
  }

  #awaitId(wait: Wait, bytes: Uint8Array): void {
    // SYNC await-id: said before the look into the index. Creators enter their id before they look at the word.
    this.#control.setActorWord(ACTOR.IDS_AWAITED, 1);
    if (this.#bridge.lookUp(bytes, this.#place) === STATUS.OK) {
      this.#announceIds();
      this.#awaitPlace(wait, this.#place[0] ?? 0, this.#place[1] ?? 0);
      return;
    }
    const id = hexOf(bytes);
    const others = this.#byId.get(id);
    if (others === undefined) this.#byId.set(id, [wait]);
    else others.push(wait);
    wait.leave.push(() => this.#leaveId(id, wait));
  }

  #settle(wait: Wait): void {
    wait.settled++;
    this.#finishIfDone(wait);
  }

  #finishIfDone(wait: Wait): void {
    if (wait.settled < wait.needed) return;
    this.#remove(wait);
    wait.link.send(REPLY.SETTLED, [wait.request]);
  }

  #remove(wait: Wait): void {
    this.#waits.get(wait.link)?.delete(wait.request);
    for (const leave of wait.leave) leave();
  }

  #leaveSlot(slot: number, awaited: AwaitedPlace): void {
    const others = this.#bySlot.get(slot);
    others?.delete(awaited);
    if (others?.size === 0) this.#bySlot.delete(slot);
  }

  #leaveId(id: string, wait: Wait): void {
    const others = this.#byId.get(id)?.filter((other) => other !== wait) ?? [];
    if (others.length === 0) this.#byId.delete(id);
    else this.#byId.set(id, others);
    this.#announceIds();
  }

  #announceIds(): void {
    this.#control.setActorWord(ACTOR.IDS_AWAITED, this.#byId.size === 0 ? 0 : 1);
  }

  #waitOf(link: ClientLink, request: number): Wait {
    let waits = this.#waits.get(link);
    if (waits === undefined) {
      waits = new Map();
      this.#waits.set(link, waits);
    }
    let wait = waits.get(request);
    if (wait === undefined) {
      wait = { link, request, needed: Number.POSITIVE_INFINITY, settled: 0, leave: [] };
      waits.set(request, wait);
    }
    return wait;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
