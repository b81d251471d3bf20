/** A lease that this thread has on a worker: calls of one class are sent there, to run one after the other. */

import type { PeerLink } from '../link/peer-link.ts';
import type { Call } from './call.ts';

/** Work that a worker shall have in advance, so that it never waits for the next call. */
const AHEAD_MS = 2;
/** How fast the measured rate follows the last measurement. */
const RATE_WEIGHT = 0.5;
const DEPTH_MAX = 2048;
/** What it costs to wake a worker. */
const WAKE_UP_MS = 0.1;

export class LeaseLane {
  /** Number of the lease, and of the lane on its link. */
  readonly lease: number;
  readonly link: PeerLink;
  /** Calls sent and not answered. */
  underWay = 0;
  /** The scheduler has closed it. */
  isClosed = false;
  /** Since when it has nothing to do, by `performance.now()`. */
  idleSinceMs = 0;
  /** Calls that may be under way here at once. */
  depth = 1;
  #answered = 0;
  #measuredMs = -1;
  #perMs = 0;
  #answeredInAll = 0;
  #answeredBefore = -1;

  /** Its calls take no resources, and run at once. */
  readonly #isUnbounded: boolean;

  /** The worker's number in the store. */
  readonly client: number;

  constructor(lease: number, link: PeerLink, client: number, isUnbounded: boolean) {
    this.lease = lease;
    this.client = client;
    this.link = link;
    this.#isUnbounded = isUnbounded;
    if (isUnbounded) this.depth = DEPTH_MAX;
  }

  get hasRoom(): boolean {
    return !this.isClosed && this.underWay < this.depth && this.link.hasRoom;
  }

  send(call: Call): void {
    call.lane = this;
    this.underWay++;
    this.link.send(call, this.lease, this.#isUnbounded);
  }

  /**
   * How long a further call would wait here: for a wake-up, or for the calls before it. So short calls go where somebody is
   * awake, and long ones are spread.
   */
  get expectedMs(): number {
    if (this.underWay === 0) return WAKE_UP_MS;
    return this.#perMs === 0 ? Number.POSITIVE_INFINITY : this.underWay / this.#perMs;
  }

  /** A call has left the lane. */
  left(): void {
    this.underWay--;
    this.#answered++;
    this.#answeredInAll++;
  }

  /**
   * Measures how fast the worker goes, when a batch of answers was handled, and sends as many calls ahead as it does in a
   * moment: many of short ones, none of long ones, which another worker could have instead.
   */
  measure(nowMs: number): void {
    if (this.#isUnbounded || this.#answered === 0) return;
    const elapsedMs = nowMs - this.#measuredMs;
    const isFirst = this.#measuredMs < 0;
    // A clock that has not moved measures nothing yet.
    if (!isFirst && elapsedMs < 0.005) return;
    if (!isFirst) {
      const perMs = this.#answered / elapsedMs;
      this.#perMs += (perMs - this.#perMs) * RATE_WEIGHT;
      this.depth = Math.min(DEPTH_MAX, Math.max(1, Math.ceil(this.#perMs * AHEAD_MS)));
    }
    this.#answered = 0;
    this.#measuredMs = nowMs;
  }

  /** Whether it has answered nothing since the last time this was asked, with calls waiting: then none is sent ahead. */
  hasStalled(): boolean {
    const stands = this.#answeredBefore === this.#answeredInAll && this.underWay > 1;
    this.#answeredBefore = this.#answeredInAll;
    if (!stands || this.#isUnbounded) return false;
    this.depth = 1;
    this.#perMs = 0;
    return true;
  }

  /** It begins to work after a pause, which says nothing about the worker. */
  startMeasuring(nowMs: number): void {
    this.#measuredMs = nowMs;
    this.#answered = 0;
  }
}
