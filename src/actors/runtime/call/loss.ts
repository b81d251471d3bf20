/** What the calls of a dead worker fail with. */
import {
  PlasmoidError,
  WorkerDiedError,
  WorkerOutOfMemoryError,
  WorkerUnresponsiveError,
} from '../../../state/errors.ts';
import type { Call, LinkLoss } from './call.ts';

const CLASSES = [WorkerDiedError, WorkerOutOfMemoryError, WorkerUnresponsiveError];

/** `death` is the error of the worker's end; each call gets one of the same class that names the call. */
export function lossOf(worker: string, death: Error): LinkLoss {
  return {
    errorFor: (call: Call) => {
      const Class = CLASSES.find((candidate) => death instanceof candidate) ?? WorkerDiedError;
      const { name } = call.definition;
      const values = {
        ...(PlasmoidError.is(death) ? death.values : {}),
        call: name,
        worker,
        attempts: Math.max(1, call.attempts),
      };
      const options = death.cause === undefined ? undefined : { cause: death.cause };
      return new Class(`${name} had begun on ${worker}: ${death.message}`, values, options);
    },
  };
}
