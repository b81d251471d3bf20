/**
 * Creates that wait for memory, first come first served, and the steps taken to find some for the first of them.
 */

import type { AllocationFailure, MemoryPool } from '../../pools/memory-pool.ts';
import type { ObjectTable } from '../../pools/object-table.ts';
import { formatByteSize } from '../../state/byte-size.ts';
import type { Holder } from '../../state/errors.ts';
import { CollectionThrottle, PressureLadder } from '../../state/pressure.ts';
import { unitsOf } from '../../state/slot-layout.ts';
import { type FailureReport, REPLY } from '../protocol.ts';
import type { ClientLink } from './client-link.ts';

/** What the queue needs of the actor. */
export interface CreateQueueHost {
  readonly table: ObjectTable;
  readonly primary: MemoryPool;
  readonly fallback: MemoryPool | undefined;
  readonly spillDirectory: string;
  /** Interrupts every living client but one for a collection. */
  requestCollections(full: boolean, except?: ClientLink): CollectionRound;
  /** Begins to move objects to disk for a create of this size; whether there were any. */
  spillFor(sizeBytes: number): boolean;
  /** Who has the memory, the biggest first. */
  biggestHolders(): Holder[];
  /** Whether deleters shall wake the actor at once. */
  wantMemory(wanted: boolean): void;
  nowMs(): number;
}

/** Collections that several threads were asked for. */
export interface CollectionRound {
  /** Whether each of them has collected or died. */
  isOver(): boolean;
}

interface WaitingCreate {
  readonly link: ClientLink;
  readonly request: number;
  readonly sizeBytes: number;
  readonly ladder: PressureLadder;
  /** COLLECT replies that the asker has not answered yet. */
  due: number;
  /** Those asked for by interrupt, until they are over or the asker is asked again. */
  round: CollectionRound | undefined;
  /** Why the disk could not serve it. */
  refusal: FailureReport | undefined;
}

export class CreateQueue {
  readonly #host: CreateQueueHost;
  readonly #throttle = new CollectionThrottle();
  readonly #waiting: WaitingCreate[] = [];

  constructor(host: CreateQueueHost) {
    this.#host = host;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(link: ClientLink, request: number, sizeBytes: number): void {
    const failure = this.#impossible(sizeBytes);
    if (failure !== undefined) {
      fail(link, request, failure);
      return;
    }
    this.#waiting.push({
      link,
      request,
      sizeBytes,
      ladder: new PressureLadder(this.#throttle, this.#host.nowMs()),
      due: 0,
      round: undefined,
      refusal: undefined,
    });
  }

  /** Forgets a create whose caller gave up. */
  cancel(link: ClientLink, request: number): void {
    const index = this.#waiting.findIndex((one) => one.link === link && one.request === request);
    if (index >= 0) this.#waiting.splice(index, 1);
    if (this.#waiting.length === 0) this.#host.wantMemory(false);
  }

  /** Forgets the creates of a client that has died. */
  removeClient(link: ClientLink): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      if (this.#waiting[index]?.link === link) this.#waiting.splice(index, 1);
    }
    if (this.#waiting.length === 0) this.#host.wantMemory(false);
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
      const head = this.#waiting[0];
      if (head === undefined) {
        host.wantMemory(false);
        return undefined;
      }
      if (this.#tryHead(head)) {
        this.#waiting.shift();
        continue;
      }
      // Set before the last look, so that whatever is freed from now on wakes the actor.
      host.wantMemory(true);
      // Asked before what it freed is taken back: after its report nothing of it may be overlooked.
      if (head.round?.isOver() === true) {
        head.round = undefined;
        head.ladder.collected(host.nowMs());
      }
      if (host.table.reclaimFreed() > 0) continue;
      const left = head.ladder.untilMs - host.nowMs();
      if (left > 0) return left;
      // Also between the steps: what a collection finds goes into the stock of its thread first.
      if (host.table.recallLeases() > 0) continue;
      this.#step(head);
    }
  }

  /** Fails everybody; used at the end of the store. */
  drop(): void {
    this.#waiting.length = 0;
  }

  #step(head: WaitingCreate): void {
    const host = this.#host;
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
      case 'spill':
        if (!host.spillFor(head.sizeBytes)) head.ladder.spilled(host.nowMs(), 0);
        return;
      case 'disk':
        head.refusal = this.#serveFromDisk(head);
        if (head.refusal === undefined) this.#waiting.shift();
        return;
      case 'pause':
        return;
      case 'refuse':
        fail(head.link, head.request, head.refusal ?? this.#outOfDisk(head.sizeBytes, { reason: 'full' }));
        this.#waiting.shift();
        return;
    }
  }

  #askHere(head: WaitingCreate, full: boolean): void {
    head.due++;
    head.round = undefined;
    head.link.send(REPLY.COLLECT, [head.request, full ? 1 : 0]);
  }

  #askEverywhere(head: WaitingCreate, full: boolean): void {
    // An asker that is busy in user code hears an interrupt, but not its ring.
    head.round = this.#host.requestCollections(full, head.due > 0 ? undefined : head.link);
  }

  #tryHead(head: WaitingCreate): boolean {
    const { table, primary, fallback } = this.#host;
    if (!table.hasFreeSlot) return false;
    // What is larger than the memory can only lie on disk.
    const pool = head.sizeBytes > primary.capacityBytes ? fallback : primary;
    const block = pool?.allocate(unitsOf(head.sizeBytes));
    if (pool === undefined || typeof block !== 'number') return false;
    this.#lease(head, pool, block);
    head.ladder.served(1 - primary.allocatedBytes / primary.capacityBytes);
    return true;
  }

  /** Undefined when it was served, else why not. */
  #serveFromDisk(head: WaitingCreate): FailureReport | undefined {
    const { table, fallback } = this.#host;
    if (!table.hasFreeSlot) {
      return {
        error: 'OutOfResourceError',
        message: 'the object table is full; create the store with a larger maxObjects',
        values: { sizeBytes: head.sizeBytes },
      };
    }
    const block: number | AllocationFailure =
      fallback === undefined ? { reason: 'full' } : fallback.allocate(unitsOf(head.sizeBytes));
    if (fallback === undefined || typeof block !== 'number') return this.#outOfDisk(head.sizeBytes, block);
    this.#lease(head, fallback, block);
    return undefined;
  }

  #lease(head: WaitingCreate, pool: MemoryPool, block: number): void {
    const { slot, generation } = this.#host.table.lease(pool, block, head.link.client, 'answer');
    head.link.send(REPLY.LEASED, [head.request, slot, generation]);
  }

  #impossible(sizeBytes: number): FailureReport | undefined {
    const { primary, fallback } = this.#host;
    const fallbackBytes = fallback?.capacityBytes ?? 0;
    if (sizeBytes <= Math.max(primary.capacityBytes, fallbackBytes)) return undefined;
    return {
      error: 'ObjectStoreFullError',
      message:
        `an object of ${formatByteSize(sizeBytes)} can never fit: the store has ` +
        `${formatByteSize(primary.capacityBytes)} of memory and ${formatByteSize(fallbackBytes)} of disk`,
      values: { sizeBytes, primaryBytes: primary.capacityBytes, fallbackBytes },
    };
  }

  /** Why there is no room, and who has it. */
  #outOfDisk(sizeBytes: number, block: number | AllocationFailure): FailureReport {
    const { primary, fallback, spillDirectory } = this.#host;
    const system = typeof block === 'object' && block.reason === 'system' ? block.error : undefined;
    const holders = this.#host.biggestHolders();
    const values = {
      sizeBytes,
      primaryAllocatedBytes: primary.allocatedBytes,
      primaryBytes: primary.capacityBytes,
      fallbackAllocatedBytes: fallback?.allocatedBytes ?? 0,
      fallbackBytes: fallback?.capacityBytes ?? 0,
      spillDirectory,
      systemCode: String(system?.values.systemCode ?? 'none'),
      holders,
    };
    const memory =
      `no room for an object of ${formatByteSize(sizeBytes)}: ` +
      `${formatByteSize(values.primaryAllocatedBytes)} of ${formatByteSize(values.primaryBytes)} of memory are in use`;
    const held = `; held by ${holders.map(describeHolder).join(', ') || 'nobody'}`;
    if (fallback === undefined) return { error: 'ObjectStoreFullError', message: memory + held, values };
    const isOver = typeof block === 'object' && block.reason === 'overCapacity';
    const left = isOver ? 'the file system is nearly full' : 'no room is left there';
    const why = system === undefined ? left : system.message;
    const disk =
      `${formatByteSize(values.fallbackAllocatedBytes)} of ${formatByteSize(values.fallbackBytes)} on disk ` +
      `(${spillDirectory}): ${why}`;
    return { error: 'OutOfDiskError', message: `${memory}, ${disk}${held}`, values };
  }
}

function describeHolder({ client, objects, bytes, oldestMs }: Holder): string {
  const who = client < 0 ? 'views of deleted objects' : `client ${client}`;
  const number = objects === 1 ? '1 object' : `${objects} objects`;
  return `${who} (${number}, ${formatByteSize(bytes)}, the oldest ${(oldestMs / 1000).toFixed(1)} s old)`;
}

function fail(link: ClientLink, request: number, report: FailureReport): void {
  link.sendJson(REPLY.FAILED, request, report);
}
