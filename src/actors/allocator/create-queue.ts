/**
 * Creates that wait for memory, first come first served, and the steps taken to find some for the first of them.
 */

import type { AllocationFailure, MemoryPool } from '../../pools/memory-pool.ts';
import type { ObjectTable } from '../../pools/object-table.ts';
import type { StoreEvents } from '../../state/events.ts';
import { CollectionThrottle, PressureLadder } from '../../state/pressure.ts';
import { unitsOf } from '../../state/slot-layout.ts';
import { type FailureReport, PATIENCE, REPLY } from '../protocol.ts';
import type { ClientLink } from './client-link.ts';
import type { Tell } from './event-outbox.ts';
import { neverFits, noRoom, notNow, type RefusalHost, tableFull } from './refusals.ts';

/** What the queue needs of the actor. */
export interface CreateQueueHost extends RefusalHost {
  readonly table: ObjectTable;
  /** Interrupts every living client but one for a collection. */
  requestCollections(full: boolean, except?: ClientLink): CollectionRound;
  /** Gives objects up that nobody holds, for a create of this size; how many bytes will come back by the freed stack. */
  evictFor(sizeBytes: number): number;
  /** The same where it is slots that are short, and not bytes. */
  evictForSlots(): number;
  /** The same with what lies on disk; how many bytes will come back there. */
  evictFromDisk(sizeBytes: number): number;
  /** Begins to move objects to disk for a create of this size; whether there were any. */
  spillFor(sizeBytes: number): boolean;
  /** Whether who frees memory shall wake the actor at once, and nobody take a block by himself. True when that is news. */
  wantMemory(wanted: boolean): boolean;
  nowMs(): number;
  readonly tell: Tell;
}

/** Collections that several threads were asked for. */
export interface CollectionRound {
  /** How many threads were asked. */
  readonly asked: number;
  /** Whether each of them has collected or died. */
  isOver(): boolean;
}

interface WaitingCreate {
  readonly link: ClientLink;
  readonly request: number;
  readonly sizeBytes: number;
  /** Its caller set a time limit, and watches it: instead of being refused it waits for what others give back. */
  readonly isPatient: boolean;
  readonly queuedMs: number;
  /** Whether it found no memory at once. */
  hasWaited: boolean;
  ladder: PressureLadder;
  /** COLLECT replies that the asker has not answered yet. */
  due: number;
  /** Those asked for by interrupt, until they are over or the asker is asked again. */
  round: CollectionRound | undefined;
  /** Why the disk could not serve it. */
  refusal: FailureReport | undefined;
}

/** How often everything is tried again for creates that wait for others; what is given back meanwhile they get at once. */
const TRY_AGAIN_MS = 1_000;

/** What was done for creates that found no memory, since the store was made. */
export interface PressureCounts {
  readonly fellBackObjects: number;
  readonly fellBackBytes: number;
  readonly requestedCollections: number;
  readonly collectedBytes: number;
}

export class CreateQueue {
  readonly #host: CreateQueueHost;
  readonly #counts = { fellBackObjects: 0, fellBackBytes: 0, requestedCollections: 0, collectedBytes: 0 };
  /** Bytes in use at the last look, while collections are under way. */
  #bytesBefore: number | undefined;
  readonly #throttle = new CollectionThrottle();
  readonly #waiting: WaitingCreate[] = [];
  /** Patient ones for whom everything was tried; they no longer stand in the way of those behind them. */
  readonly #parked: WaitingCreate[] = [];
  /** When these have everything tried for them again. */
  #unparkMs = Number.POSITIVE_INFINITY;

  constructor(host: CreateQueueHost) {
    this.#host = host;
  }

  /** Creates that wait, with those that wait for others to give memory back. */
  get length(): number {
    return this.#waiting.length + this.#parked.length;
  }

  get counts(): PressureCounts {
    return this.#counts;
  }

  /** `patience` is one of `PATIENCE`. */
  add(link: ClientLink, request: number, sizeBytes: number, patience: number): void {
    const failure = neverFits(this.#host, sizeBytes);
    if (failure !== undefined) {
      fail(link, request, failure);
      return;
    }
    const one: WaitingCreate = {
      link,
      request,
      sizeBytes,
      isPatient: patience === PATIENCE.UNTIL_CANCELLED,
      queuedMs: this.#host.nowMs(),
      hasWaited: false,
      ladder: new PressureLadder(this.#throttle, this.#host.nowMs()),
      due: 0,
      round: undefined,
      refusal: undefined,
    };
    if (patience === PATIENCE.NONE) this.#tryNow(one);
    else this.#waiting.push(one);
  }

  /** Ray's immediate request: does not pass those that wait, and takes nothing from anybody. */
  #tryNow(one: WaitingCreate): void {
    this.#host.table.reclaimFreed();
    this.#serveParked();
    // Those who stepped aside have just had their turn.
    if (this.#waiting.length === 0 && this.#tryHead(one)) return;
    fail(one.link, one.request, notNow(this.#host, one.sizeBytes));
  }

  /** Forgets a create whose caller gave up. */
  cancel(link: ClientLink, request: number): void {
    this.#remove((one) => one.link === link && one.request === request);
  }

  /** Forgets the creates of a client that has died. */
  removeClient(link: ClientLink): void {
    this.#remove((one) => one.link === link);
  }

  /** A client has run the collection it was asked for by a COLLECT reply. */
  collected(link: ClientLink, request: number): void {
    const one = this.#waiting.find((waiting) => waiting.link === link && waiting.request === request);
    if (one === undefined || --one.due > 0 || one.round !== undefined) return;
    one.ladder.collected(this.#host.nowMs());
  }

  /** Moves to disk have ended, and freed so much memory. */
  spilled(freedBytes: number): void {
    this.#waiting[0]?.ladder.spilled(this.#host.nowMs(), freedBytes);
  }

  /** Whether a round of collections that the head waits for is over. */
  get hasReport(): boolean {
    return this.#waiting[0]?.round?.isOver() === true;
  }

  /**
   * Serves creates from the head until one has to wait. Returns after how many milliseconds to come again, or undefined
   * when nobody waits.
   */
  serve(): number | undefined {
    const host = this.#host;
    for (;;) {
      this.#serveParked();
      const head = this.#waiting[0];
      if (head === undefined) {
        const isNews = host.wantMemory(this.#parked.length > 0);
        if (this.#parked.length === 0) return undefined;
        // SYNC wanted: as below.
        if (isNews || host.table.reclaimFreed() > 0) continue;
        return Math.max(0, this.#unparkMs - host.nowMs());
      }
      if (this.#tryHead(head)) {
        this.#waiting.shift();
        continue;
      }
      // SYNC wanted: set before the last attempt, so that whatever is freed from now on wakes the actor.
      if (host.wantMemory(true)) continue;
      // Asked before what it freed is taken back: after its report nothing of it may be overlooked.
      if (head.round?.isOver() === true) {
        head.round = undefined;
        head.ladder.collected(host.nowMs());
      }
      if (host.table.reclaimFreed() > 0) continue;
      const left = head.ladder.untilMs - host.nowMs();
      if (left > 0) return left;
      // Also between the steps: what a collection finds goes into the stock of its thread first.
      if (host.table.recallLeasesFor(unitsOf(head.sizeBytes)) > 0) continue;
      this.#step(head);
    }
  }

  /** Fails everybody; used at the end of the store. */
  drop(): void {
    this.#waiting.length = 0;
    this.#parked.length = 0;
  }

  #remove(isIt: (one: WaitingCreate) => boolean): void {
    for (const list of [this.#waiting, this.#parked]) {
      for (let index = list.length - 1; index >= 0; index--) {
        const one = list[index];
        if (one === undefined || !isIt(one)) continue;
        list.splice(index, 1);
        this.#ended(one, 'cancelled');
      }
    }
    if (this.length === 0) this.#host.wantMemory(false);
  }

  /** In their order, those for whom there is room now; all come back to the queue when it is time to try harder. */
  #serveParked(): void {
    if (this.#parked.length === 0) return;
    const nowMs = this.#host.nowMs();
    if (nowMs >= this.#unparkMs) {
      const due = this.#parked.splice(0);
      for (const one of due) one.ladder = new PressureLadder(this.#throttle, nowMs);
      this.#waiting.unshift(...due);
      return;
    }
    for (const one of [...this.#parked]) {
      if (this.#tryHead(one)) this.#parked.splice(this.#parked.indexOf(one), 1);
    }
  }

  #park(one: WaitingCreate): void {
    this.#waiting.shift();
    if (this.#parked.length === 0) this.#unparkMs = this.#host.nowMs() + TRY_AGAIN_MS;
    this.#parked.push(one);
  }

  #step(head: WaitingCreate): void {
    const host = this.#host;
    head.hasWaited = true;
    this.#countCollected();
    this.#bytesBefore = undefined;
    switch (head.ladder.advance(host.nowMs())) {
      case 'minorHere':
        this.#askHere(head, false);
        return;
      case 'fullHere':
        this.#askHere(head, true);
        return;
      case 'minorEverywhere':
        this.#askEverywhere(head, false);
        return;
      case 'fullEverywhere':
        this.#askEverywhere(head, true);
        return;
      case 'evict':
        this.#evictFor(head);
        return;
      case 'spill':
        // What moves keeps its slot.
        if (!host.table.hasFreeSlot || !host.spillFor(head.sizeBytes)) head.ladder.spilled(host.nowMs(), 0);
        return;
      case 'disk':
        head.refusal = this.#serveFromDisk(head);
        if (head.refusal === undefined) this.#waiting.shift();
        return;
      case 'pause':
        return;
      case 'refuse':
        if (head.isPatient) {
          this.#park(head);
          return;
        }
        this.#refuse(head, head.refusal ?? noRoom(this.#host, head.sizeBytes, { reason: 'full' }));
        this.#waiting.shift();
        return;
    }
  }

  /** On and on, until there is room: what was used least recently need not lie side by side. */
  #evictFor(head: WaitingCreate): void {
    const { table } = this.#host;
    while ((table.hasFreeSlot ? this.#host.evictFor(head.sizeBytes) : this.#host.evictForSlots()) > 0) {
      table.reclaimFreed();
      if (!this.#tryHead(head)) continue;
      this.#waiting.shift();
      return;
    }
  }

  #askHere(head: WaitingCreate, full: boolean): void {
    this.#countAsked(1, full);
    head.due++;
    head.round = undefined;
    head.link.send(REPLY.COLLECT, [head.request, full ? 1 : 0]);
  }

  #askEverywhere(head: WaitingCreate, full: boolean): void {
    // An asker that is busy in user code hears an interrupt, but not its ring.
    const round = this.#host.requestCollections(full, head.due > 0 ? undefined : head.link);
    this.#countAsked(round.asked, full);
    head.round = round;
  }

  #countAsked(threads: number, full: boolean): void {
    if (threads > 0) this.#host.tell('collect', { threads, full });
    this.#counts.requestedCollections += threads;
    this.#bytesBefore = this.#host.primary.allocatedBytes;
  }

  /** What came back since; others may have released some of it by themselves. */
  #countCollected(): void {
    if (this.#bytesBefore === undefined) return;
    const { allocatedBytes } = this.#host.primary;
    this.#counts.collectedBytes += Math.max(0, this.#bytesBefore - allocatedBytes);
    this.#bytesBefore = allocatedBytes;
  }

  #tryHead(head: WaitingCreate): boolean {
    const { table, primary, fallback } = this.#host;
    if (!table.hasFreeSlot) return false;
    // What is larger than the memory can only lie on disk.
    const pool = head.sizeBytes > primary.capacityBytes ? fallback : primary;
    this.#countCollected();
    const block = pool?.allocate(unitsOf(head.sizeBytes));
    if (pool === undefined || typeof block !== 'number' || !this.#lease(head, pool, block)) return false;
    this.#bytesBefore = undefined;
    if (pool === primary) this.#ended(head, 'memory');
    else this.#fellBack(head);
    head.ladder.served(1 - primary.allocatedBytes / primary.capacityBytes);
    return true;
  }

  /** Undefined when it was served, else why not. */
  #serveFromDisk(head: WaitingCreate): FailureReport | undefined {
    const { table, fallback } = this.#host;
    if (!table.hasFreeSlot) return tableFull(head.sizeBytes);
    if (fallback === undefined) return noRoom(this.#host, head.sizeBytes, { reason: 'full' });
    const units = unitsOf(head.sizeBytes);
    let block: number | AllocationFailure = fallback.allocate(units);
    // Again and again: what goes first need not lie side by side.
    while (typeof block !== 'number' && this.#host.evictFromDisk(head.sizeBytes) > 0) {
      table.reclaimFreed();
      block = fallback.allocate(units);
    }
    if (typeof block !== 'number') return noRoom(this.#host, head.sizeBytes, block);
    if (!this.#lease(head, fallback, block)) return tableFull(head.sizeBytes);
    this.#fellBack(head);
    return undefined;
  }

  #fellBack(one: WaitingCreate): void {
    this.#counts.fellBackObjects++;
    this.#counts.fellBackBytes += one.sizeBytes;
    this.#ended(one, 'disk');
  }

  #refuse(one: WaitingCreate, report: FailureReport): void {
    fail(one.link, one.request, report);
    this.#ended(one, 'refused', report.error);
  }

  /** Its wait, if it had to wait. */
  #ended(
    { link, sizeBytes, queuedMs, hasWaited }: WaitingCreate,
    outcome: StoreEvents['wait']['outcome'],
    error?: string,
  ): void {
    if (!hasWaited) return;
    const waitedMs = this.#host.nowMs() - queuedMs;
    this.#host.tell('wait', { client: link.client, sizeBytes, waitedMs, outcome, error });
  }

  /** False when a client has just taken the last slot. */
  #lease(head: WaitingCreate, pool: MemoryPool, block: number): boolean {
    const leased = this.#host.table.lease(pool, block, head.link.client);
    if (leased !== undefined) head.link.send(REPLY.LEASED, [head.request, leased.slot, leased.generation]);
    return leased !== undefined;
  }
}

function fail(link: ClientLink, request: number, report: FailureReport): void {
  link.sendJson(REPLY.FAILED, request, report);
}
