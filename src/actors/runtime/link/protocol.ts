/**
 * What threads of a runtime say to each other. Calls and answers are records in the rings of their links; everything that
 * is rare (leases, links, actors, deaths) is a message on the port that each thread has to the scheduler.
 */

/** Types of the records of a link. Numbers before the payload are 32-bit words. */
export const RECORD = Object.freeze({
  /** `[function, payload…]`: names a function or method by a number, once per link and direction. */
  DEFINE: 1,
  /** `[call, lane, function, payload…]` */
  CALL: 2,
  /** `[call, outcome, microseconds, payload…]`: how long the call took its worker, 0 if that was not measured. */
  ANSWER: 3,
  /** `[call]`: the receiver of an answer holds the objects that came with it. */
  RECEIVED: 4,
  /** `[call]`: the caller wants no answer any more. */
  CANCEL: 5,
  /** `[lane]`: nothing more comes on this lane. */
  LANE_END: 6,
  /** `[call, payload…]`: one item of a stream. */
  ITEM: 7,
  /** `[call, items, bytes]`: so much more may come; no items: none is wanted any more. */
  CREDIT: 8,
});

/** Most words of a record before its payload. */
export const RECORD_HEAD_WORDS = 3;

/** Longest time of a call that its answer tells, in microseconds. */
export const TOOK_MAX_MICROS = 2 ** 31 - 1;

/** Beside a function's number in a call: it is a generator, and its items are wanted one by one. */
export const STREAM_BIT = 1 << 30;

/** Beside it: the call takes no resources, so that any number of its lane may run at once. */
export const UNBOUNDED_BIT = 1 << 29;
const CODE_BITS = STREAM_BIT | UNBOUNDED_BIT;

/** The number of a call's function. */
export const codeNumber = (coded: number): number => coded & ~CODE_BITS;

/** Outcomes of a call. */
export const OUTCOME = Object.freeze({
  /** The payload is the result. */
  RESULT: 0,
  /** The payload is the error. */
  ERROR: 1,
  /** Not run, because the caller had taken it back. */
  SKIPPED: 2,
  /** Not run, because its lane was closed by the scheduler: ask for another. */
  RETURNED: 3,
});

/**
 * Where a worker runs a call: a lease's lane is the lease's number, an actor's is its own number below zero. Calls of one lane
 * run one after the other; an actor's as its `maxConcurrency` says.
 */
export type Lane = number;

/** The lane of an actor. */
export const laneOfActor = (actor: number): Lane => -actor;
