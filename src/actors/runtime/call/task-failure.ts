/** What went wrong in a task, as its caller is told. */

import { UnstorableValueError } from '../../../state/errors.ts';
import type { Payload } from '../link/payload.ts';
import type { PayloadCodec } from '../link/payload-codec.ts';

/** What was thrown, and where. What cannot travel is told by its text. */
export function encodeFailure(codec: PayloadCodec, thrown: unknown, task: string, worker: string): Payload {
  try {
    return codec.encode([thrown, task, worker]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${task} threw ${String(thrown)}, which cannot be sent: ${reason}`;
    return codec.encode([new UnstorableValueError(message), task, worker]);
  }
}

/**
 * Puts the task's and the worker's name on an error at the caller: as `taskName` and `workerName`, which do not show in
 * logs, and as the last line of the stack, which does.
 */
export function nameFailure(thrown: unknown, task: string, worker: string): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const hidden = (value: string) => ({ value, configurable: true, writable: true, enumerable: false });
  if (!Object.hasOwn(thrown, 'taskName')) {
    Object.defineProperty(thrown, 'taskName', hidden(task));
    Object.defineProperty(thrown, 'workerName', hidden(worker));
    Object.defineProperty(thrown, 'stack', hidden(`${thrown.stack ?? ''}\n    at task ${task} (${worker})`));
  }
  return thrown;
}
