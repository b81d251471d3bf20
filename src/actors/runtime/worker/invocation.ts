/** Running what a call names, and what can be said of its result at once. */
import { TaskModuleError, UnstorableValueError } from '../../../state/errors.ts';
import type { IncomingCall } from './worker-lane.ts';

/** Calls the function, or the actor's method. */
export function invoke({ code, lane, values, problem }: IncomingCall): unknown {
  if (values === undefined) throw problem;
  if (lane.target === undefined) {
    if (code.run === undefined) throw code.problem;
    return code.run(...(values as never[]));
  }
  const method: unknown = Reflect.get(lane.target, code.name);
  if (typeof method === 'function') return Reflect.apply(method, lane.target, values);
  throw new TaskModuleError(`the actor has no method ${code.name}`, { name: code.name });
}

/** What to say of a result that could not be sent: of a generator, how it is called. */
export function resultProblem({ code, lane }: IncomingCall, value: unknown, cause: unknown): unknown {
  if (!isGenerator(value)) return cause;
  const hint =
    lane.target === undefined
      ? 'runtime.stream(task, args) gives its items one by one'
      : 'runtime.stream(actor.method, args) gives its items one by one';
  return new UnstorableValueError(`${code.name} gave a generator: ${hint}`, { name: code.name }, { cause });
}

function isGenerator(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function';
}
