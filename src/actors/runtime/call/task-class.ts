/**
 * The calls of one scheduling class (tasks that ask the same of a worker): they wait here, with the thread that made them, for
 * leases on workers, as in Ray's direct task submission. The scheduler hears how many leases are wanted, never of single calls.
 */
import { performance } from 'node:perf_hooks';
import type { ControlRegion } from '../../../pools/control-region.ts';
import { CallQueue } from '../../../state/runtime/call-queue.ts';
import type { Demands } from '../link/messages.ts';
import type { Participant } from '../link/participant.ts';
import type { PeerLink } from '../link/peer-link.ts';
import { RECORD } from '../link/protocol.ts';
import type { Call, CallRoute, LinkLoss } from './call.ts';
import { LeaseLane } from './lease-lane.ts';

/** A lease without work is kept for so long, unless somebody else wants it: the next call then finds it. */
const IDLE_LEASE_MS = 1_000;
/** How often leases are looked at. */
const WATCH_MS = 10;
/** Most leases that are asked for at once. */
const WANTED_MAX = 1024;
/** Leases that are looked at for one call. */
const LANES_TRIED = 16;

export class TaskClass implements CallRoute {
  readonly number: number;
  readonly demands: Demands;
  readonly #participant: Participant;
  readonly #control: ControlRegion;
  readonly #isUnbounded: boolean;
  readonly #queue = new CallQueue<Call>();
  readonly #lanes: LeaseLane[] = [];
  /** Leases that the scheduler knows to be wanted beside those that are here. */
  #asked = 0;
  #ended: Error | undefined;
  #askedPriority = 0;
  #isKnown = false;
  #nextLane = 0;
  #watchTimer: NodeJS.Timeout | undefined;
  #watchedMs = 0;
  /** Calls made and not settled. */
  #underWay = 0;

  /** Whether calls of another class of this thread wait: they may want what a lease without work holds. */
  readonly #othersWait: () => boolean;

  constructor(number: number, demands: Demands, participant: Participant, othersWait: () => boolean) {
    this.#othersWait = othersWait;
    this.number = number;
    this.demands = demands;
    this.#participant = participant;
    this.#control = participant.store.connection.control;
    const amounts = Object.values(demands.resources);
    this.#isUnbounded = amounts.every((amount) => amount === 0);
  }

  get queued(): number {
    return this.#queue.size;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Sends a call, or keeps it until a worker is there. */
  submit(call: Call): void {
    this.#underWay++;
    call.isRouted = true;
    const lane = this.#queue.size === 0 ? this.#laneWithRoom(call) : undefined;
    if (lane === undefined) this.#queue.push(call);
    else lane.send(call);
    this.#participant.nudge();
  }

  /** The scheduler has granted a lease. */
  granted(lease: number, link: PeerLink, client: number): void {
    this.#asked = Math.max(0, this.#asked - 1);
    const lane = new LeaseLane(lease, link, client, this.#isUnbounded);
    lane.idleSinceMs = performance.now();
    this.#lanes.push(lane);
    this.#fill(lane);
    this.#watch();
  }

  /** No worker can ever take its calls. */
  infeasible(error: Error): void {
    this.#asked = 0;
    for (let call = this.#queue.shift(); call !== undefined; call = this.#queue.shift()) call.reject(error);
  }

  /** Behind a batch of answers, and when calls were queued: sends what can be sent, asks for what is missing. */
  advance(): void {
    if (this.#lanes.length > 0) {
      const nowMs = performance.now();
      for (const lane of this.#lanes) {
        this.#fill(lane);
        if (lane.underWay === 0 && this.#queue.size === 0) this.#help(lane);
      }
      // A thread that blocks has turns, but no timers.
      if (nowMs - this.#watchedMs >= WATCH_MS) this.#lookAtLanes(nowMs);
    }
    this.#ask();
    this.#watch();
  }

  left(call: Call, tookMs = 0): void {
    const { lane } = call;
    call.leave();
    if (!(lane instanceof LeaseLane)) return;
    lane.left(tookMs);
    if (lane.underWay > 0) return;
    lane.idleSinceMs = performance.now();
    if (lane.isClosed) this.#remove(lane);
  }

  returned(call: Call): void {
    const { lane } = call;
    if (lane instanceof LeaseLane) lane.isClosed = true;
    this.left(call);
    this.#requeue(call);
  }

  lost(call: Call, hasBegun: boolean, loss: LinkLoss): void {
    this.left(call);
    if (call.isSettled) return;
    if (!hasBegun) {
      this.#requeue(call);
      return;
    }
    const { isRepeatable } = call;
    call.attempts++;
    if (isRepeatable) this.#requeue(call);
    else call.reject(loss.errorFor(call));
  }

  dropped(call: Call): void {
    this.#queue.remove(call);
  }

  again(call: Call): void {
    this.#requeue(call);
  }

  settled(): void {
    this.#underWay--;
  }

  /** All lanes on a link that is gone. */
  linkLost(link: PeerLink): void {
    for (const lane of [...this.#lanes]) {
      if (lane.link !== link) continue;
      lane.isClosed = true;
      this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    }
    this.#participant.nudge();
  }

  /** Fails everything that waits. */
  end(error: Error): void {
    this.#ended = error;
    clearTimeout(this.#watchTimer);
    this.infeasible(error);
  }

  #requeue(call: Call): void {
    if (this.#ended !== undefined) {
      call.reject(this.#ended);
      return;
    }
    // It was its turn already.
    this.#queue.push(call, true);
    this.#participant.nudge();
  }

  #fill(lane: LeaseLane): void {
    while (this.#queue.size > 0 && lane.hasRoom) {
      const call = this.#queue.shift();
      if (call !== undefined) lane.send(call);
    }
  }

  /**
   * The lane where the call would begin first, of some beginning with the next in turn. Of those that rest one whose worker
   * has what the call's arguments name, or the one that worked last, which may be awake still.
   */
  #laneWithRoom(call: Call): LeaseLane | undefined {
    const lanes = this.#lanes;
    const slot = call.payload.firstSlot;
    let best: LeaseLane | undefined;
    let bestIsHolder = false;
    const count = Math.min(lanes.length, LANES_TRIED);
    for (let step = 0; step < count; step++) {
      const lane = lanes[(this.#nextLane + step) % lanes.length]!;
      if (!lane.hasRoom) continue;
      const isHolder = slot !== undefined && this.#control.holds(lane.client, slot);
      if (best !== undefined) {
        const difference = lane.expectedMs - best.expectedMs;
        if (difference > 0) continue;
        if (difference === 0 && bestIsHolder && !isHolder) continue;
        if (difference === 0 && bestIsHolder === isHolder && lane.idleSinceMs <= best.idleSinceMs) continue;
      }
      best = lane;
      bestIsHolder = isHolder;
    }
    this.#nextLane = lanes.length > count ? (this.#nextLane + count) % lanes.length : 0;
    return best;
  }

  /** Who has what a call's arguments name. */
  #holdersFor(call: Call | undefined): number[] {
    const slot = call?.payload.firstSlot;
    if (slot === undefined) return [];
    return this.#control.liveClients.filter((client) => this.#control.holds(client, slot));
  }

  /** Takes back calls that another worker has not begun, for one that has nothing to do. */
  #help(idle: LeaseLane): void {
    let busiest: LeaseLane | undefined;
    for (const lane of this.#lanes) if (lane.underWay > (busiest?.underWay ?? 1)) busiest = lane;
    if (busiest === undefined || busiest === idle || !busiest.isWorthHelp) return;
    this.#takeBack(busiest, busiest.underWay >> 1, false);
    this.#fill(idle);
  }

  /** Takes back calls that have not begun; the last sent first, for the first will begin soon. */
  #takeBack(lane: LeaseLane, most: number, isStalled: boolean): void {
    const { calls } = lane.link;
    let left = most;
    for (let number = calls.length - 1; number >= 0 && left > 0; number--) {
      const call = calls[number];
      if (call?.lane !== lane || !lane.link.takeBack(number)) continue;
      left--;
      call.leave();
      lane.takenBack(isStalled);
      this.#requeue(call);
    }
  }

  #ask(): void {
    const unserved = this.#queue.size;
    const wanted = Math.min(unserved, WANTED_MAX);
    // Told when it has grown or shrunk by much, not with each call.
    const isEnough = wanted === 0 ? this.#asked === 0 : wanted <= this.#asked && wanted * 4 > this.#asked;
    // With nothing left to send the leases that are here are no more urgent than others.
    const priority = this.#queue.peek()?.priority ?? 0;
    if (isEnough && priority === this.#askedPriority) return;
    this.#askedPriority = priority;
    this.#asked = wanted;
    const { number: classNumber, demands } = this;
    this.#participant.tell({
      type: 'request',
      classNumber,
      wanted,
      priority,
      holders: this.#holdersFor(this.#queue.peek()),
      ...(this.#isKnown ? {} : { demands }),
    });
    this.#isKnown = true;
  }

  /** While there are leases, they are looked at now and then. */
  #watch(): void {
    if (this.#watchTimer !== undefined || this.#lanes.length === 0) return;
    this.#watchTimer = setTimeout(() => {
      this.#watchTimer = undefined;
      this.#lookAtLanes(performance.now());
      this.#watch();
    }, WATCH_MS);
    this.#watchTimer.unref();
  }

  #lookAtLanes(nowMs: number): void {
    this.#watchedMs = nowMs;
    const idleSinceMs = nowMs - (this.#queue.size === 0 && this.#othersWait() ? WATCH_MS : IDLE_LEASE_MS);
    for (const lane of [...this.#lanes]) {
      if (lane.underWay === 0 && lane.idleSinceMs <= idleSinceMs) this.#remove(lane);
      // What was sent ahead of a call that takes long, or waits for somebody, could run elsewhere meanwhile.
      else if (lane.hasStalled()) this.#takeBack(lane, lane.underWay, true);
    }
  }

  #remove(lane: LeaseLane): void {
    const index = this.#lanes.indexOf(lane);
    if (index < 0) return;
    this.#lanes.splice(index, 1);
    lane.link.write(RECORD.LANE_END, undefined, lane.lease);
    // A lease that the scheduler closed is its worker's to give back.
    if (!lane.isClosed) this.#participant.tell({ type: 'returnLease', lease: lane.lease });
    this.#participant.nudge();
  }
}
