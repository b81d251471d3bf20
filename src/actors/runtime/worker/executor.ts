/** Runs the calls that come to a worker, and answers them. */
import type { SharedWords } from '../../../pools/ring/ring.ts';
import { isThenable } from '../../../state/thenable.ts';
import { encodeFailure } from '../call/task-failure.ts';
import type { Participant } from '../link/participant.ts';
import { Payload } from '../link/payload.ts';
import type { PeerLink } from '../link/peer-link.ts';
import { codeNumber, OUTCOME, RECORD, STREAM_BIT, UNBOUNDED_BIT } from '../link/protocol.ts';
import { load, loaded } from '../task-registry.ts';
import { invoke, resultProblem } from './invocation.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { cancelledError, runAs } from './task-context.ts';
import { type CallCode, type IncomingCall, WorkerLane } from './worker-lane.ts';

/** Calls that run before records and mail are looked at again. */
const BATCH = 64;

/** What a worker has of one peer's calls. */
interface PeerCalls {
  readonly codes: Map<number, CallCode>;
  /** Calls that have begun and go on asynchronously. */
  readonly running: Map<number, IncomingCall>;
  readonly streams: Map<number, OutgoingStream>;
  /** Answers whose objects the caller has not taken yet. */
  readonly sent: Map<number, Payload>;
}

export class Executor {
  readonly #participant: Participant;
  readonly #worker: string;
  readonly #lanes = new Map<number, WorkerLane>();
  /** Leases that the scheduler closed, until their callers have heard it or have died, with those. */
  readonly #closed = new Map<number, number>();
  /** Lanes that may have something to run, in turn. */
  #ready: WorkerLane[] = [];
  readonly #peers = new Map<PeerLink, PeerCalls>();
  /** Whose turn it was last: most calls in a row are of one peer. */
  #lastLink: PeerLink | undefined;
  #lastPeer: PeerCalls | undefined;
  #running = 0;
  /** The scheduler knows that this worker takes nothing new. */
  #isAside = false;

  constructor(participant: Participant, worker: string) {
    this.#participant = participant;
    this.#worker = worker;
  }

  /** Leases and actors that run something at the moment. */
  runningLanes(): number[] {
    return [...this.#lanes.values()].filter((lane) => lane.running > 0).map((lane) => lane.number);
  }

  /** Those of streams that wait for their readers. */
  pausedLanes(): number[] {
    const lanes: number[] = [];
    for (const { streams, running } of this.#peers.values())
      for (const [number, stream] of streams)
        if (stream.isPaused && running.has(number)) lanes.push(running.get(number)!.lane.number);
    return lanes;
  }

  get isBusy(): boolean {
    return this.#running > 0 || this.#ready.length > 0;
  }

  /** Handles a record if it is one for a worker. */
  record(link: PeerLink, type: number, words: SharedWords, start: number): boolean {
    const number = words[start]!;
    const peer = this.#peerOf(link);
    switch (type) {
      case RECORD.CALL:
        this.#arrived(link, peer, words, start);
        return true;
      case RECORD.DEFINE:
        this.#define(peer, number, this.#participant.decode(link, words, start + 1, false).values);
        return true;
      case RECORD.RECEIVED:
        this.#received(peer, number);
        peer.sent.get(number)?.release();
        peer.sent.delete(number);
        return true;
      case RECORD.CANCEL:
        this.#cancelled(peer.running.get(number));
        return true;
      case RECORD.CREDIT:
        peer.streams.get(number)?.credit(words[start + 1]!, words[start + 2]!);
        return true;
      case RECORD.LANE_END:
        this.#lanes.delete(number);
        this.#closed.delete(number);
        return true;
      default:
        return false;
    }
  }

  /** Runs what is ready, for a limited number of calls; whether there was anything. */
  work(): boolean {
    if (this.#ready.length === 0) return false;
    let ran = 0;
    while (ran < BATCH) {
      const lane = this.#ready.shift();
      if (lane === undefined) break;
      lane.isListed = false;
      // A few of each lane in turn: a lane with much to do holds nobody up.
      for (let turn = 0; turn < BATCH; turn++) {
        if (this.#participant.isBlocked && lane.target === undefined && lane.isNextAsynchronous) {
          this.#standAside(lane);
          break;
        }
        const call = lane.next();
        if (call === undefined) break;
        ran++;
        this.#run(call);
      }
      this.#list(lane);
    }
    return ran > 0;
  }

  /** The thread does not block any more. */
  standBack(): void {
    if (!this.#isAside) return;
    this.#isAside = false;
    this.#participant.tell({ type: 'standBack' });
  }

  /** What would stand still here, while the thread blocks for a result, is another worker's to do. */
  #standAside(lane: WorkerLane): void {
    if (!this.#isAside) {
      this.#isAside = true;
      this.#participant.tell({ type: 'standAside' });
    }
    if (lane.caller !== undefined) this.closeLane(lane.number, lane.caller);
  }

  /** The scheduler needs a lease's worker for somebody else. */
  closeLane(lease: number, caller: number): void {
    // From a caller that has died no call can come any more.
    if (this.#participant.link(caller) !== undefined) this.#closed.set(lease, caller);
    const lane = this.#lanes.get(lease) ?? WorkerLane.ofLease(lease, caller, 1);
    for (const call of lane.takeWaiting()) this.#answer(call, OUTCOME.RETURNED, undefined);
    lane.close(() => {
      this.#lanes.delete(lease);
      this.#participant.tell({ type: 'laneClosed', lease });
    });
  }

  /** A lane for an actor. */
  addLane(lane: WorkerLane): void {
    this.#lanes.set(lane.number, lane);
  }

  hasLane(number: number): boolean {
    return this.#lanes.has(number);
  }

  /** No call begins any more that has not come yet; `whenIdle` is called when those that have are done, or dropped. */
  endActorLane(number: number, drain: boolean, whenIdle: () => void): void {
    const lane = this.#lanes.get(number);
    if (lane === undefined) {
      whenIdle();
      return;
    }
    const close = (): void => {
      this.#lanes.delete(number);
      for (const call of lane.takeWaiting()) this.#answer(call, OUTCOME.RETURNED, undefined);
      lane.close(whenIdle);
    };
    if (!drain || lane.waiting === 0) close();
    else lane.whenEmpty(close);
  }

  /** A caller has died: what it waits for is not wanted any more. */
  linkLost(link: PeerLink): void {
    const peer = this.#peerOf(link);
    this.#peers.delete(link);
    this.#lastLink = undefined;
    for (const payload of peer.sent.values()) payload.release();
    for (const stream of peer.streams.values()) stream.stop();
    for (const call of peer.running.values()) call.controller?.abort(cancelledError(call));
    for (const [lease, caller] of this.#closed) if (caller === link.peer) this.#closed.delete(lease);
    for (const lane of this.#lanes.values()) {
      const waiting = lane.takeWaiting();
      for (const call of waiting) if (call.link !== link) lane.push(call);
      lane.tellEmpty();
    }
    this.#participant.nudge();
  }

  #arrived(link: PeerLink, peer: PeerCalls, words: SharedWords, start: number): void {
    const number = words[start]!;
    const laneNumber = words[start + 1]!;
    const coded = words[start + 2]!;
    const code = peer.codes.get(codeNumber(coded))!;
    const limit = (coded & UNBOUNDED_BIT) === 0 ? 1 : Number.POSITIVE_INFINITY;
    const lane = this.#laneOf(laneNumber, link.peer, limit);
    if (lane === undefined) {
      this.#reply(link, number, OUTCOME.RETURNED, undefined, 0);
      return;
    }
    let values: readonly unknown[] | undefined;
    let problem: unknown;
    try {
      values = this.#participant.decode(link, words, start + 3, false).values;
    } catch (error) {
      problem = error;
    }
    const isStream = (coded & STREAM_BIT) !== 0;
    const call = { link, number, lane, code, isStream, values, problem, beganMs: -1, controller: undefined };
    if (isStream) {
      const onEnd = (failure: { readonly error: unknown } | undefined): void => this.#ended(call, failure);
      peer.streams.set(number, new OutgoingStream(this.#participant, call, this.#worker, onEnd));
    }
    lane.push(call);
    this.#list(lane);
  }

  #laneOf(number: number, caller: number, limit: number): WorkerLane | undefined {
    const present = this.#lanes.get(number);
    if (present !== undefined || number < 0 || this.#closed.has(number)) return present;
    const lane = WorkerLane.ofLease(number, caller, limit);
    this.#lanes.set(number, lane);
    return lane;
  }

  #list(lane: WorkerLane): void {
    if (lane.isListed || !lane.isRunnable) return;
    lane.isListed = true;
    this.#ready.push(lane);
  }

  #define(peer: PeerCalls, number: number, [module, name]: readonly unknown[]): void {
    const definition = { module: String(module), name: String(name) };
    const code: CallCode = { ...definition, run: undefined, problem: undefined };
    peer.codes.set(number, code);
    if (code.module === '') return;
    const present = loaded(definition);
    if (present !== undefined) {
      code.run = present as (...values: never[]) => unknown;
      return;
    }
    load(definition).then(
      (found) => {
        code.run = found as (...values: never[]) => unknown;
        this.#listAll();
      },
      (problem: unknown) => {
        code.problem = problem;
        this.#listAll();
      },
    );
  }

  /** Calls may have waited for a module. */
  #listAll(): void {
    for (const lane of this.#lanes.values()) this.#list(lane);
    this.#participant.nudge();
  }

  #run(call: IncomingCall): void {
    const { link, lane, number } = call;
    if (link.closed) return;
    if (!link.end.begin(number)) {
      this.#peerOf(link).streams.delete(number);
      this.#answer(call, OUTCOME.SKIPPED, undefined);
      lane.tellEmpty();
      return;
    }
    lane.began(call);
    this.#running++;
    let result: unknown;
    try {
      result = runAs(call, this.#worker, invoke);
    } catch (error) {
      this.#ended(call, { error });
      return;
    }
    if (call.isStream) {
      this.#peerOf(link).running.set(number, call);
      this.#peerOf(link).streams.get(number)?.begin(result);
    } else if (isThenable(result)) {
      this.#peerOf(link).running.set(number, call);
      result.then(
        (value) => this.#ended(call, undefined, value),
        (error: unknown) => this.#ended(call, { error }),
      );
    } else {
      this.#ended(call, undefined, result);
    }
  }

  #ended(call: IncomingCall, failure: { readonly error: unknown } | undefined, value?: unknown): void {
    const { link, number } = call;
    const peer = this.#peerOf(link);
    if (peer.running.size > 0) peer.running.delete(number);
    // One whose items are still on their way keeps the objects of those.
    if (peer.streams.size > 0 && peer.streams.get(number)?.holdsObjects !== true) peer.streams.delete(number);
    this.#running--;
    if (failure === undefined && value === undefined) {
      this.#finish(call, OUTCOME.RESULT, Payload.EMPTY);
      return;
    }
    const { outcome, payload } = this.#encode(call, failure, value);
    if (payload.ready === undefined) {
      this.#finish(call, outcome, payload);
      return;
    }
    // Memory is short: the answer waits for it.
    this.#running++;
    payload.ready.then(
      () => {
        this.#running--;
        this.#finish(call, outcome, payload);
      },
      (error: unknown) => this.#ended(call, { error }),
    );
  }

  #finish(call: IncomingCall, outcome: number, payload: Payload): void {
    const { lane } = call;
    this.#answer(call, outcome, payload);
    lane.ended();
    this.#list(lane);
    this.#participant.nudge();
  }

  #encode(
    call: IncomingCall,
    failure: { readonly error: unknown } | undefined,
    value: unknown,
  ): { readonly outcome: number; readonly payload: Payload } {
    const { codec } = this.#participant;
    if (failure === undefined) {
      try {
        return { outcome: OUTCOME.RESULT, payload: codec.encode([value]) };
      } catch (error) {
        return this.#encode(call, { error: resultProblem(call, value, error) }, undefined);
      }
    }
    return {
      outcome: OUTCOME.ERROR,
      payload: encodeFailure(codec, failure.error, call.code.name, this.#worker),
    };
  }

  #answer(call: IncomingCall, outcome: number, payload: Payload | undefined): void {
    const { link, number } = call;
    if (link.closed) {
      // Its caller has died, and takes nothing any more.
      payload?.release();
      return;
    }
    if (payload?.hasObjects === true) this.#peerOf(link).sent.set(number, payload);
    this.#reply(link, number, outcome, payload, call.lane.microsOf(call));
  }

  #reply(
    link: PeerLink,
    number: number,
    outcome: number,
    payload: Payload | undefined,
    micros: number,
  ): void {
    link.write(RECORD.ANSWER, payload, number, outcome, micros);
    // At once: the call behind it may take long.
    link.flush();
  }

  #received(peer: PeerCalls, number: number): void {
    const stream = peer.streams.get(number);
    if (stream === undefined) return;
    stream.received();
    if (stream.hasEnded && !stream.holdsObjects) peer.streams.delete(number);
  }

  #cancelled(call: IncomingCall | undefined): void {
    if (call === undefined) return;
    call.controller?.abort(cancelledError(call));
    this.#peerOf(call.link).streams.get(call.number)?.stop();
  }

  #peerOf(link: PeerLink): PeerCalls {
    if (link === this.#lastLink && this.#lastPeer !== undefined) return this.#lastPeer;
    let peer = this.#peers.get(link);
    if (peer === undefined) {
      peer = { codes: new Map(), running: new Map(), streams: new Map(), sent: new Map() };
      // Of a caller that has died nothing is kept.
      if (!link.closed) this.#peers.set(link, peer);
    }
    this.#lastLink = link;
    this.#lastPeer = peer;
    return peer;
  }
}
