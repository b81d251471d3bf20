/** What the code of a task or actor can ask about the call that it runs for. */
import { InterruptedError } from '../../../state/errors.ts';
import type { IncomingCall } from './worker-lane.ts';

/** The call that runs. */
export interface TaskContext {
  /** The task or method. */
  readonly name: string;
  /** Name of the worker. */
  readonly worker: string;
  /**
   * Fires when the caller wants the result no more. It fires between turns of the event loop; code that runs without pause
   * asks {@link TaskContext.throwIfCancelled} now and then.
   */
  readonly signal: AbortSignal;
  /** Throws `InterruptedError` if the caller wants the result no more. Costs a look at one word. */
  throwIfCancelled(): void;
}

let current: IncomingCall | undefined;
let currentWorker = '';

/**
 * The call that this code runs for; undefined outside of tasks and actors' methods. Ask for it before the first `await`:
 * afterwards other calls may be running on this thread. In a generator it is there whenever the generator goes on, too.
 */
export function currentTask(): TaskContext | undefined {
  if (current === undefined) return undefined;
  const call = current;
  const worker = currentWorker;
  return {
    name: call.code.name,
    worker,
    get signal() {
      call.controller ??= new AbortController();
      if (call.link.end.isCancelled(call.number)) call.controller.abort(cancelledError(call));
      return call.controller.signal;
    },
    throwIfCancelled() {
      if (call.link.end.isCancelled(call.number)) throw cancelledError(call);
    },
  };
}

/** @internal Runs a call's code as the current one. */
export function runAs<T>(call: IncomingCall, worker: string, run: (call: IncomingCall) => T): T {
  const before = current;
  current = call;
  currentWorker = worker;
  try {
    return run(call);
  } finally {
    current = before;
  }
}

/** @internal */
export function cancelledError(call: IncomingCall): InterruptedError {
  return new InterruptedError(`the caller of ${call.code.name} wants the result no more`, {
    call: call.code.name,
  });
}
