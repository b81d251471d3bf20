/**
 * Creates that wait for memory, first come first served, and the steps taken to find some for the first of them.
 */

import type { AllocationFailure, MemoryPool } from '../../pools/memory-pool.ts';
import type { ObjectTable } from '../../pools/object-table.ts';
import { formatByteSize } from '../../state/byte-size.ts';
import { CollectionThrottle, PressureLadder } from '../../state/pressure.ts';
import { UNIT_BYTES } from '../../state/slot-layout.ts';
import { type FailureReport, REPLY } from '../protocol.ts';
import type { ClientLink } from './client-link.ts';

/** What the queue needs of the actor. */
export interface CreateQueueHost {
  readonly table: ObjectTable;
  readonly primary: MemoryPool;
  readonly fallback: MemoryPool | undefined;
  readonly spillDirectory: string;
  /** Asks every living client but one to run a full collection; how many were reached. */
  requestCollections(except: number): number;
  /** Whether deleters shall wake the actor at once. */
  wantMemory(wanted: boolean): void;
  nowMs(): number;
}

interface WaitingCreate {
  readonly link: ClientLink;
  readonly request: number;
  readonly sizeBytes: number;
  readonly ladder: PressureLadder;
  /** Answers still due from other clients in the step `fullEverywhere`. */
  outstanding: number;
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
      ladder: new PressureLadder(this.#throttle),
      outstanding: 0,
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
    one?.ladder.collected(this.#host.nowMs());
  }

  /** A client has run the collection it was asked for by interrupt. */
  collectedElsewhere(): void {
    const head = this.#waiting[0];
    if (head === undefined || head.ladder.current !== 'fullEverywhere') return;
    head.outstanding--;
    if (head.outstanding <= 0) head.ladder.collected(this.#host.nowMs());
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
      const left = head.ladder.untilMs - host.nowMs();
      if (left > 0) {
        if (host.table.reclaimFreed() > 0) continue;
        return left;
      }
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
      case 'recall':
        host.table.reclaimFreed();
        host.table.recallLeases();
        return;
      case 'minorHere':
        head.link.send(REPLY.COLLECT, [head.request, 0]);
        return;
      case 'fullHere':
        head.link.send(REPLY.COLLECT, [head.request, 1]);
        return;
      case 'fullEverywhere':
        head.outstanding = host.requestCollections(head.link.client);
        if (head.outstanding === 0) head.ladder.collected(host.nowMs());
        return;
      case 'fallback':
        this.#serveFromDisk(head);
        this.#waiting.shift();
        return;
    }
  }

  #tryHead(head: WaitingCreate): boolean {
    const { table, primary } = this.#host;
    if (!table.hasFreeSlot) {
      table.reclaimFreed();
      if (!table.hasFreeSlot) table.recallLeases();
      if (!table.hasFreeSlot) {
        fail(head.link, head.request, {
          error: 'OutOfResourceError',
          message: 'the object table is full; create the store with a larger maxObjects',
          values: { sizeBytes: head.sizeBytes },
        });
        return true;
      }
    }
    // Larger than the pool: no step could help, the disk takes it at once.
    if (head.sizeBytes > primary.capacityBytes) {
      this.#serveFromDisk(head);
      return true;
    }
    const block = primary.allocate(unitsOf(head.sizeBytes));
    if (typeof block !== 'number') return false;
    const { slot, generation } = table.lease(primary, block, head.link.client, 'answer');
    head.link.send(REPLY.LEASED, [head.request, slot, generation]);
    return true;
  }

  #serveFromDisk(head: WaitingCreate): void {
    const { table, fallback } = this.#host;
    const block: number | AllocationFailure =
      fallback === undefined ? { reason: 'full' } : fallback.allocate(unitsOf(head.sizeBytes));
    if (fallback === undefined || typeof block !== 'number') {
      fail(head.link, head.request, this.#outOfDisk(head.sizeBytes, block));
      return;
    }
    const { slot, generation } = table.lease(fallback, block, head.link.client, 'answer');
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

  #outOfDisk(sizeBytes: number, block: number | AllocationFailure): FailureReport {
    const { primary, fallback, spillDirectory } = this.#host;
    const system = typeof block === 'object' && block.reason === 'system' ? block.error : undefined;
    const systemCode = String(system?.values.systemCode ?? 'none');
    const values = {
      sizeBytes,
      primaryAllocatedBytes: primary.allocatedBytes,
      primaryBytes: primary.capacityBytes,
      fallbackAllocatedBytes: fallback?.allocatedBytes ?? 0,
      fallbackBytes: fallback?.capacityBytes ?? 0,
      spillDirectory,
      systemCode,
    };
    const why = system === undefined ? 'no room is left there' : system.message;
    return {
      error: 'OutOfDiskError',
      message:
        `no room for an object of ${formatByteSize(sizeBytes)}: ` +
        `${formatByteSize(values.primaryAllocatedBytes)} of ${formatByteSize(values.primaryBytes)} of memory are in ` +
        `use, ${formatByteSize(values.fallbackAllocatedBytes)} of ${formatByteSize(values.fallbackBytes)} on disk ` +
        `(${spillDirectory}): ${why}`,
      values,
    };
  }
}

function unitsOf(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / UNIT_BYTES));
}

function fail(link: ClientLink, request: number, report: FailureReport): void {
  link.sendJson(REPLY.FAILED, request, report);
}
