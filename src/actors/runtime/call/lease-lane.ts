/** A lease that this thread has on a worker: calls of one class are sent there, to run one after the other. */

import { performance } from 'node:perf_hooks';
import type { PeerLink } from '../link/peer-link.ts';
import type { Call } from './call.ts';

/** Work that a worker shall have in advance, so that it never waits for the next call. */
const AHEAD_MS = 2;
/** How fast the measured time follows the last measurement. */
const TIME_WEIGHT = 0.5;
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
  /** What a call takes the worker, by its own clock: without the way there, and without its wake-up. */
  #callMs = Number.POSITIVE_INFINITY;
  #answered = 0;
  #answeredBefore = -1;
  /** What had been heard of the worker when it stalled. */
  #stalledHeard = -1;

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
    return !this.isClosed && !this.isStalled && this.underWay < this.depth && this.link.hasRoom;
  }

  send(call: Call): void {
    call.lane = this;
    // Before it had nothing to answer.
    if (this.underWay++ === 0) this.#answeredBefore = -1;
    this.link.send(call, this.lease, this.#isUnbounded);
  }

  /**
   * How long a further call would wait here: for a wake-up, or for the calls before it. So short calls go where somebody is
   * awake, and long ones are spread.
   */
  get expectedMs(): number {
    return this.underWay === 0 ? WAKE_UP_MS : this.underWay * this.#callMs;
  }

  /** Whether another worker, once awake, would begin some of its calls before it does. */
  get isWorthHelp(): boolean {
    return this.expectedMs > WAKE_UP_MS;
  }

  /** Its worker is blocked: by a call that takes long, or by an actor; until something is heard of it again. */
  get isStalled(): boolean {
    return this.#stalledHeard === this.link.heard;
  }

  /** A call was taken back; because the worker is blocked, or because another can have it. */
  takenBack(isStalled: boolean): void {
    this.underWay--;
    this.idleSinceMs = performance.now();
    if (isStalled) this.#stalledHeard = this.link.heard;
  }

  /**
   * A call has left the lane; it took so long if that was measured. As many are sent ahead as the worker does in a moment:
   * many short ones, no long ones, which another worker could have instead.
   */
  left(tookMs: number): void {
    this.underWay--;
    this.#answered++;
    if (tookMs === 0 || this.#isUnbounded) return;
    const isFirst = this.#callMs === Number.POSITIVE_INFINITY;
    this.#callMs = isFirst ? tookMs : this.#callMs + (tookMs - this.#callMs) * TIME_WEIGHT;
    this.depth = Math.min(DEPTH_MAX, Math.max(1, Math.ceil(AHEAD_MS / this.#callMs)));
  }

  /**
   * Whether it has answered nothing since the last time this was asked, with calls under way: then none is sent ahead, and
   * those that have not begun are better off elsewhere.
   */
  hasStalled(): boolean {
    const stands = this.#answeredBefore === this.#answered && this.underWay > 0;
    this.#answeredBefore = this.#answered;
    if (!stands) return false;
    if (this.#isUnbounded) return true;
    this.depth = 1;
    this.#callMs = Number.POSITIVE_INFINITY;
    return true;
  }
}
