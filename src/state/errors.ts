/**
 * Every error Plasmoid throws: one class per cause.
 *
 * `code` is the name of Ray's status for that cause (Ray, `status.h`), so it is stable and may be switched on; the
 * class tells causes that share a status apart. `values` holds the values that explain the error. Classes carry a
 * brand, so `PlasmoidError.is` also recognises errors made by a second installed copy of the package.
 */

import type { ErrorName } from './status-codes.ts';

const BRAND = Symbol.for('plasmoid.error');

/** Ray's status names for failures: what a `code` can be. */
export type StatusCode = ErrorName;

/** A client of a full store, and what it holds. */
export interface Holder {
  /** Number of the client, as `store.client` and `list()` say it; -1 for views of deleted objects, whoever has them. */
  readonly client: number;
  readonly objects: number;
  readonly bytes: number;
  /** Since the oldest of these objects was created, in milliseconds. */
  readonly oldestMs: number;
}

/** Values that explain an error: numbers of bytes, names, ids. Always plain and cloneable. */
export type ErrorValues = Readonly<Record<string, string | number | boolean | readonly Holder[] | undefined>>;

/** Base of all errors of this package. */
export abstract class PlasmoidError extends Error {
  /** Ray's status name for the cause. */
  abstract readonly code: StatusCode;
  /** The values in the message, for programs. */
  readonly values: ErrorValues;

  constructor(message: string, values: ErrorValues = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.values = values;
  }

  static {
    // Of the class and not of each error: so that one that came from another thread has it, too.
    Object.defineProperty(PlasmoidError.prototype, BRAND, { value: true });
  }

  /** True for an error of this package, whichever installed copy made it. */
  static is(error: unknown): error is PlasmoidError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }
}

/** An argument or option is of the wrong type or out of range; `values.name` names it. */
export class InvalidArgumentError extends PlasmoidError {
  readonly code = 'InvalidArgument';
}

/** A value of this kind cannot be stored (a function, a symbol, an object that cannot be cloned). */
export class UnstorableValueError extends PlasmoidError {
  readonly code = 'TypeError';
}

/** No live object has this id, or the ref's object was deleted. */
export class ObjectNotFoundError extends PlasmoidError {
  readonly code = 'ObjectNotFound';
}

/** An object with this id exists already. */
export class ObjectExistsError extends PlasmoidError {
  readonly code = 'ObjectExists';
}

/** The object is still being written, so it cannot be read yet. */
export class ObjectNotSealedError extends PlasmoidError {
  readonly code = 'Invalid';
}

/** The slot was sealed before; sealing happens once. */
export class ObjectAlreadySealedError extends PlasmoidError {
  readonly code = 'ObjectAlreadySealed';
}

/** The slot was aborted before, so it can be neither sealed nor written. */
export class ObjectAbortedError extends PlasmoidError {
  readonly code = 'Invalid';
}

/**
 * The slot's buffer was transferred away, so a writable alias lives on elsewhere: sealing it would break "sealed is
 * immutable". The object is aborted; its memory returns when the alias is gone.
 */
export class WindowLostError extends PlasmoidError {
  readonly code = 'Invalid';
}

/**
 * In debug mode: the object's bytes have changed since it was sealed. Somebody wrote into a view of it, past the readonly
 * type, or a native operation was still under way. `values.callSite` says who made the object.
 */
export class ObjectDamagedError extends PlasmoidError {
  readonly code = 'Invalid';
}

/** The view (or its buffer) is not a window of this store, or was released before. */
export class NotAWindowError extends PlasmoidError {
  readonly code = 'InvalidArgument';
}

/** The ref belongs to another store. */
export class ForeignRefError extends PlasmoidError {
  readonly code = 'Invalid';
}

/** The ref was released before. */
export class RefReleasedError extends PlasmoidError {
  readonly code = 'Invalid';
}

/**
 * The object can never fit, because it is larger than the store's memory and its disk arena; or memory is full and there is
 * no disk: then `values.holders` says who has it, as `Holder[]`.
 */
export class ObjectStoreFullError extends PlasmoidError {
  readonly code = 'ObjectStoreFull';
}

/**
 * Memory is full and the spill directory could not reserve the bytes either, or its disk is full but for a twentieth.
 * `values.holders` says who has the memory, as `Holder[]`.
 */
export class OutOfDiskError extends PlasmoidError {
  readonly code = 'OutOfDisk';
}

/** A fixed-size table is full (clients, object slots, views of one object). */
export class OutOfResourceError extends PlasmoidError {
  readonly code = 'OutOfResource';
}

/** The time limit of the call passed first. Nothing was lost. */
export class TimedOutError extends PlasmoidError {
  readonly code = 'TimedOut';
}

/** The call's `AbortSignal` fired first; `cause` is the signal's reason. */
export class InterruptedError extends PlasmoidError {
  readonly code = 'Interrupted';
}

/** The store was closed, or its allocator thread died. */
export class StoreClosedError extends PlasmoidError {
  readonly code = 'Disconnected';
}

/**
 * The channel has ended: closed, its writer or creator gone, no reader left to write for; `values.reason` says which. What
 * was not read is lost.
 */
export class ChannelError extends PlasmoidError {
  readonly code = 'ChannelError';
}

/** The channel's writer has finished, and everything was read: the end of the data. */
export class ChannelFinishedError extends PlasmoidError {
  readonly code = 'ChannelError';
}

/** The time limit of a channel's call passed first. Nothing was lost. */
export class ChannelTimeoutError extends PlasmoidError {
  readonly code = 'ChannelTimeoutError';
}

/** The channel has its writer already, or all its readers. */
export class ChannelRoleTakenError extends PlasmoidError {
  readonly code = 'AlreadyExists';
}

/** The end of the channel is in the middle of another call, or was closed: a mistake in the program. */
export class ChannelUsageError extends PlasmoidError {
  readonly code = 'Invalid';
}

/** The runtime was closed before the call was settled, or the thread that started it has ended. */
export class RuntimeClosedError extends PlasmoidError {
  readonly code = 'Disconnected';
}

/**
 * The worker that ran the call died: its thread ended (`process.exit`, an uncaught error as `cause`) or was terminated. The
 * call had begun, so whatever it did besides its result may have happened. `values.attempts` says how often it was begun.
 */
export class WorkerDiedError extends PlasmoidError {
  readonly code = 'Disconnected';
}

/** The worker that ran the call had no heap left: its `resourceLimits`, or the machine's memory. */
export class WorkerOutOfMemoryError extends PlasmoidError {
  readonly code = 'OutOfMemory';
}

/** The call blocked its worker's event loop for longer than the runtime's `heartbeat` allows, and the worker was ended. */
export class WorkerUnresponsiveError extends PlasmoidError {
  readonly code = 'TimedOut';
}

/** No worker could ever have what the call or actor asks for; `values` says what is needed and what there is. */
export class InfeasibleRequestError extends PlasmoidError {
  readonly code = 'OutOfResource';
}

/** The module of a task or actor could not be imported by a worker (`cause`), or does not define it. */
export class TaskModuleError extends PlasmoidError {
  readonly code = 'NotFound';
}

/** The actor has ended; `values.reason` says why, `cause` the error behind it, if there is one. */
export class ActorDiedError extends PlasmoidError {
  readonly code = 'Disconnected';
}

/** No living actor has this name. */
export class ActorNotFoundError extends PlasmoidError {
  readonly code = 'NotFound';
}

/** A living actor has this name already. */
export class ActorNameTakenError extends PlasmoidError {
  readonly code = 'AlreadyExists';
}

/** The other side of a comlink endpoint is gone: its thread has ended, or its port was closed. */
export class EndpointClosedError extends PlasmoidError {
  readonly code = 'Disconnected';
}

/** The operating system refused; `values.systemCode` and `values.systemCall` say what. */
export class SystemError extends PlasmoidError {
  readonly code = 'IOError';
}

/** This build or platform cannot do that (a V8 sandbox, a missing native addon). */
export class NotSupportedError extends PlasmoidError {
  readonly code = 'NotImplemented';
}

/** An invariant of the store does not hold: a bug in Plasmoid, never the caller's fault. */
export class InvariantError extends PlasmoidError {
  readonly code = 'UnknownError';
}
