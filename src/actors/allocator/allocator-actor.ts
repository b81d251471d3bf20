/**
 * The allocator actor: looks after the pools, from which clients take blocks by themselves while there are some. It answers
 * requests from all clients' rings in turn, has garbage collected, evicts and spills for creates that wait, takes back what
 * was freed, and recovers what the dead held. It runs on its own thread and sleeps in its event loop, where a doorbell
 * wakes it.
 */
import { AdaptiveSpin } from '../../pools/adaptive-spin.ts';
import type { BridgeActor } from '../../pools/bridge.ts';
import { ChannelTable } from '../../pools/channel/channel-table.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import { Eviction } from '../../pools/eviction.ts';
import { biggestHolders } from '../../pools/holders.ts';
import type { MemoryPool } from '../../pools/memory-pool.ts';
import { ObjectTable } from '../../pools/object-table.ts';
import type { SharedWords } from '../../pools/ring/ring.ts';
import { Spilling } from '../../pools/spilling.ts';
import { storeStatistics } from '../../pools/statistics.ts';
import { ACTOR, CLIENT, CLIENT_STATE, CLOSED, NO_WATCH } from '../../state/control-layout.ts';
import { type Holder, PlasmoidError } from '../../state/errors.ts';
import type { ObjectLocation } from '../../state/header-word.ts';
import { SPILL_PART, SPILL_THRESHOLD, spillTarget } from '../../state/spill-plan.ts';
import { decodeSize, PATIENCE, REPLY, REQUEST } from '../protocol.ts';
import { BackgroundSpill } from './background-spill.ts';
import { ClientLink } from './client-link.ts';
import { type CollectionRound, CreateQueue, type CreateQueueHost } from './create-queue.ts';
import { DamageWatch } from './damage-watch.ts';
import type { Tell } from './event-outbox.ts';
import { ObjectWaits } from './object-waits.ts';

/** Requests served per client and turn: one busy client cannot starve the rest. */
const REQUESTS_PER_TURN = 32;
/** Turns before the event loop gets a chance, so that timers run under any load. */
const TURNS_PER_CALLBACK = 256;
const RETRY_BLOCKED_MS = 1;

/** What the actor is made of; all of it exists before it starts. */
export interface AllocatorActorParts {
  readonly control: ControlRegion;
  readonly bridge: BridgeActor;
  readonly primary: MemoryPool;
  readonly fallback: MemoryPool | undefined;
  readonly spillDirectory: string;
  readonly nowMs: () => number;
  /** Says what happened, to whoever wants to know. */
  readonly tell: Tell;
  /** Called once, as the actor's last act. */
  readonly onClosed: () => void;
}

export class AllocatorActor implements CreateQueueHost {
  readonly table: ObjectTable;
  readonly primary: MemoryPool;
  readonly fallback: MemoryPool | undefined;
  readonly spillDirectory: string;
  readonly nowMs: () => number;
  readonly tell: Tell;
  readonly #control: ControlRegion;
  readonly #bridge: BridgeActor;
  readonly #onClosed: () => void;
  readonly #links: (ClientLink | undefined)[] = [];
  readonly #eviction: Eviction;
  readonly #spilling: Spilling;
  readonly #backgroundSpill: BackgroundSpill;
  readonly #queue: CreateQueue;
  readonly #waits: ObjectWaits;
  readonly #spin: AdaptiveSpin;
  /** As clients have been told. */
  #ownEndUnits = 0;
  #isWanted = false;
  /** From here on objects are moved to disk in the background. */
  readonly #watchAboveUnits: number;
  #sleepingSinceMs: number | undefined;
  readonly #channels: ChannelTable;
  /** Only in debug mode. */
  readonly #damage: DamageWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: AllocatorActorParts) {
    this.#control = parts.control;
    this.#bridge = parts.bridge;
    this.primary = parts.primary;
    this.fallback = parts.fallback;
    this.spillDirectory = parts.spillDirectory;
    this.nowMs = parts.nowMs;
    this.tell = parts.tell;
    this.#onClosed = parts.onClosed;
    this.table = new ObjectTable(parts.control, parts.bridge, parts.primary, parts.fallback);
    this.#eviction = new Eviction(parts.control, parts.bridge);
    this.#spilling = new Spilling(parts.control, parts.bridge, parts.fallback, this.table);
    this.#backgroundSpill = new BackgroundSpill(this, this.#spilling);
    this.#queue = new CreateQueue(this);
    this.#waits = new ObjectWaits(parts.control, parts.bridge);
    this.#channels = new ChannelTable(parts.control);
    if (parts.control.layout.debug) this.#damage = new DamageWatch(parts.control, parts.bridge, parts.tell);
    this.#watchAboveUnits = Math.floor(parts.primary.allocator.capacityUnits * SPILL_THRESHOLD);
    this.#spin = new AdaptiveSpin(parts.control.words);
  }

  /** The doorbell's callback: works until nothing is left, then sleeps. */
  readonly onRing = (): void => {
    clearTimeout(this.#timer);
    if (this.#sleepingSinceMs !== undefined) this.#spin.slept(this.nowMs() - this.#sleepingSinceMs);
    this.#sleepingSinceMs = undefined;
    for (let turn = 0; turn < TURNS_PER_CALLBACK; turn++) {
      if (this.#closed) return;
      const { words } = this.#control;
      // SYNC actor-alert: before the turn. Who alerts has done before what the turn shall see.
      const activity = Atomics.load(words, ACTOR.ACTIVITY);
      const served = this.#turn();
      const waitMs = this.#closed ? undefined : this.#queue.serve();
      if (this.#closed) return;
      this.#setOwnEnd();
      if (served > 0 || this.#spin.watch(ACTOR.ACTIVITY, activity)) continue;
      // Creates that wait do the same for themselves.
      const tendMs = this.#queue.length > 0 ? undefined : this.#tend();
      if (this.#sleep(waitMs ?? tendMs, activity)) return;
    }
    setImmediate(this.onRing);
  };

  /** Clients take blocks by themselves where memory is populated. */
  #setOwnEnd(): void {
    const { ownEndUnits } = this.primary;
    if (ownEndUnits === this.#ownEndUnits) return;
    this.#ownEndUnits = ownEndUnits;
    this.#control.setActorWord(ACTOR.OWN_END_UNITS, ownEndUnits);
  }

  /** What is due in the background; after how many milliseconds to come again, if nobody tells before. */
  #tend(): number | undefined {
    // SYNC watch-level: set before the look at what is allocated. A client that allocates looks at it afterwards.
    this.#control.setActorWord(ACTOR.WATCH_ABOVE_UNITS, this.#watchAboveUnits);
    const dueMs = this.#backgroundSpill.tend();
    if (dueMs !== undefined) this.#control.setActorWord(ACTOR.WATCH_ABOVE_UNITS, NO_WATCH);
    return dueMs;
  }

  requestCollections(full: boolean, except?: ClientLink): CollectionRound {
    const asked = this.#links.map((link) => (link === except ? undefined : link?.requestCollection(full)));
    return {
      asked: asked.filter((isDone) => isDone !== undefined).length,
      isOver: () => asked.every((isDone) => isDone === undefined || isDone()),
    };
  }

  evictFor(sizeBytes: number): number {
    return sizeBytes <= this.primary.capacityBytes ? this.evict(this.#targetFor(sizeBytes)) : 0;
  }

  evictForSlots(): number {
    for (const pool of [this.primary, this.fallback]) {
      // A part of what there is: it may be little.
      const targetBytes = Math.ceil((pool?.allocatedBytes ?? 0) * SPILL_PART);
      const freedBytes = targetBytes > 0 ? this.evict(targetBytes, pool?.kind) : 0;
      if (freedBytes > 0) return freedBytes;
    }
    return 0;
  }

  evictFromDisk(sizeBytes: number): number {
    return this.evict(sizeBytes, 'fallback');
  }

  evict(targetBytes: number, location: ObjectLocation = 'primary'): number {
    const { objects, bytes, freedBytes } = this.#eviction.evict(targetBytes, location);
    if (objects > 0) this.tell('evict', { objects, bytes });
    return freedBytes;
  }

  spillFor(sizeBytes: number): boolean {
    if (sizeBytes > this.primary.capacityBytes) return false;
    this.#backgroundSpill.expectMore();
    if (this.#spilling.isBusy) return true;
    return this.#spilling.start(this.#targetFor(sizeBytes)) > 0;
  }

  biggestHolders(): Holder[] {
    return biggestHolders(this.#control);
  }

  wantMemory(wanted: boolean): boolean {
    if (this.#isWanted === wanted) return false;
    this.#isWanted = wanted;
    this.#control.setActorWord(ACTOR.WANTED, wanted ? 1 : 0);
    return true;
  }

  /** Bytes to make free for a create of this size. */
  #targetFor(sizeBytes: number): number {
    const { capacityBytes, allocatedBytes } = this.primary;
    return spillTarget(sizeBytes, capacityBytes - allocatedBytes, capacityBytes);
  }

  /** One look at everything; how much was done. */
  #turn(): number {
    // Before blocks are taken back: the damaged ones may be among them.
    let done = this.#damage?.serve() ?? 0;
    done += this.table.reclaimFreed() + this.#waits.serve();
    const spilled = this.#spilling.finish();
    if (spilled !== undefined) {
      const { freedBytes, ...moved } = spilled;
      this.#queue.spilled(freedBytes);
      if (moved.objects + moved.failed > 0) this.tell('spill', moved);
      done++;
    }
    const clients = this.#control.actorWord(ACTOR.CLIENT_HIGH_WATER);
    // First, so that nobody is answered with what they held. What they asked for is of use to nobody.
    for (let client = 0; client < clients; client++) {
      if ((this.#control.clientState(client) & CLIENT_STATE.MASK) !== CLIENT_STATE.DEAD) continue;
      this.#recover(this.#linkOf(client));
      done++;
    }
    for (let client = 0; client < clients; client++) {
      if ((this.#control.clientState(client) & CLIENT_STATE.MASK) !== CLIENT_STATE.LIVE) continue;
      const link = this.#linkOf(client);
      if (link.isBlocked) done += link.flush();
      done += link.drain(
        (type, words, start, length) => this.#handle(link, type, words, start, length),
        REQUESTS_PER_TURN,
      );
      if (this.#closed) return done;
    }
    return done;
  }

  #linkOf(client: number): ClientLink {
    let link = this.#links[client];
    if (link === undefined) {
      link = new ClientLink(this.#control, this.#bridge, client);
      this.#links[client] = link;
    }
    return link;
  }

  #recover(link: ClientLink): void {
    const { client } = link;
    this.#queue.removeClient(link);
    this.#waits.removeClient(link);
    // Before its objects go: a reader who misses a version sees that the channel has ended.
    this.#channels.leaveAll(client);
    this.tell('leave', { client, recovered: this.#bridge.recoverClient(client) });
    this.table.reclaimFreed();
    link.recycle();
    this.#links[client] = undefined;
    // SYNC client-record: last, because another thread may claim the record from here on.
    const epoch = (this.#control.clientState(client) >>> CLIENT_STATE.EPOCH_SHIFT) + 1;
    Atomics.store(
      this.#control.words,
      this.#control.clientIndex(client, CLIENT.STATE),
      (epoch << CLIENT_STATE.EPOCH_SHIFT) | CLIENT_STATE.FREE,
    );
  }

  #handle(link: ClientLink, type: number, words: SharedWords, start: number, length: number): void {
    // What its own client sent behind the request to close comes in the same batch; the closed word answers it.
    if (this.#closed) return;
    const request = (words[start] ?? 0) >>> 0;
    switch (type) {
      case REQUEST.CREATE: {
        const sizeBytes = decodeSize(words, start + 1);
        this.#queue.add(link, request, sizeBytes, words[start + 3] ?? PATIENCE.NORMAL);
        if (this.#queue.length === 1) this.#queue.serve();
        return;
      }
      case REQUEST.CANCEL:
        this.#queue.cancel(link, request);
        this.#waits.cancel(link, request);
        return;
      case REQUEST.COLLECTED:
        this.#queue.collected(link, request);
        return;
      case REQUEST.STATS:
        this.table.reclaimFreed();
        link.sendJson(REPLY.ANSWER, request, this.#statistics());
        return;
      case REQUEST.VERIFY:
        this.#answerVerify(link, request);
        return;
      case REQUEST.TRIM:
        this.table.reclaimFreed();
        this.table.recallLeases();
        link.sendJson(REPLY.ANSWER, request, null);
        return;
      case REQUEST.AWAIT:
        this.#waits.add(link, request, words, start + 1, length - 1);
        return;
      case REQUEST.CLOSE:
        this.#close(link, request);
        return;
    }
  }

  #statistics(): unknown {
    return storeStatistics(this.#control, this.primary, this.fallback, {
      waitingCreates: this.#queue.length,
      waitingGets: this.#waits.length,
      spilledObjects: this.#spilling.counts.objects,
      spilledBytes: this.#spilling.counts.bytes,
      ...this.#eviction.counts,
      ...this.#queue.counts,
    });
  }

  #answerVerify(link: ClientLink, request: number): void {
    this.table.reclaimFreed();
    try {
      this.table.verify(this.#spilling.unitsUnderWay);
      for (const other of this.#links) other?.verify();
      this.#channels.verify();
      this.#damage?.verify();
      link.sendJson(REPLY.ANSWER, request, null);
    } catch (error) {
      if (!PlasmoidError.is(error)) throw error;
      link.sendJson(REPLY.FAILED, request, {
        error: 'InvariantError',
        message: error.message,
        values: error.values,
      });
    }
  }

  #close(link: ClientLink, request: number): void {
    this.#closed = true;
    this.#damage?.lookAtAll();
    this.#queue.drop();
    link.sendJson(REPLY.ANSWER, request, null);
    // SYNC store-close: the word first, so that whoever is woken or comes later sees it.
    this.#control.setActorWord(ACTOR.CLOSED, CLOSED.BY_CREATOR);
    for (const other of this.#links) other?.wake();
    this.#channels.ringAll();
    this.table.abandon();
    this.#bridge.end();
    this.#onClosed();
  }

  /** Goes to sleep in the event loop. False when something came in at the last moment. */
  #sleep(waitMs: number | undefined, activity: number): boolean {
    // SYNC actor-sleep: the flag is set before the last look; clients publish before they exchange it.
    this.#control.setActorWord(ACTOR.SLEEPING, 1);
    if (Atomics.load(this.#control.words, ACTOR.ACTIVITY) !== activity || this.#hasWork()) {
      this.#control.setActorWord(ACTOR.SLEEPING, 0);
      return false;
    }
    const blocked = this.#links.some((link) => link?.isBlocked === true);
    const delayMs = blocked ? RETRY_BLOCKED_MS : waitMs;
    this.#sleepingSinceMs = this.nowMs();
    if (delayMs !== undefined) this.#timer = setTimeout(this.onRing, Math.max(1, delayMs));
    return true;
  }

  #hasWork(): boolean {
    const control = this.#control;
    if (control.actorWord(ACTOR.FREED_ON_DISK_HEAD) !== 0) return true;
    if (this.#queue.length > 0 && control.actorWord(ACTOR.FREED_HEAD) !== 0) return true;
    if (
      this.#damage?.hasNews === true ||
      this.#queue.hasReport ||
      this.#waits.hasSettled ||
      this.#spilling.hasOutcome
    )
      return true;
    const clients = control.actorWord(ACTOR.CLIENT_HIGH_WATER);
    for (let client = 0; client < clients; client++) {
      const state = control.clientState(client) & CLIENT_STATE.MASK;
      if (state === CLIENT_STATE.DEAD) return true;
      if (state === CLIENT_STATE.LIVE && this.#linkOf(client).hasRequests) return true;
    }
    return false;
  }
}
