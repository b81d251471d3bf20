/** Handles to actors: objects with the methods of the actor's class, which call them where the actor lives. */
import { ActorDiedError } from '../../../state/errors.ts';
import { METHOD_PLAN } from '../call/call-options.ts';
import { ResultRef } from '../call/result-ref.ts';
import type { RuntimeAccess } from '../runtime-access.ts';
import { type Definition, methodDefinition } from '../task-registry.ts';
import type { ActorRoute } from './actor-route.ts';

/** A prototype of their own: handles are no plain objects, whose entries would be sent instead of their actor's number. */
const HANDLE: object = Object.freeze(Object.create(null));

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const routes = new WeakMap<object, ActorRoute>();
const handles = new WeakMap<ActorRoute, object>();

/** A method of one actor, as its handle has it. */
export interface HandleMethod {
  readonly route: ActorRoute;
  readonly definition: Definition;
}

const handleMethods = new WeakMap<object, HandleMethod>();

/** What a method that was read from a handle calls; undefined for anything else. */
export function methodOfHandle(value: object): HandleMethod | undefined {
  return handleMethods.get(value);
}

/** The route behind a handle; undefined for anything else. */
export function routeOfHandle(value: object): ActorRoute | undefined {
  return routes.get(value);
}

/** The handle to an actor; the same one each time. */
export function handleFor(route: ActorRoute, core: RuntimeAccess): object {
  let handle = handles.get(route);
  if (handle === undefined) {
    handle = makeHandle(route, core);
    handles.set(route, handle);
    routes.set(handle, route);
  }
  return handle;
}

function makeHandle(route: ActorRoute, core: RuntimeAccess): object {
  const methods = new Map<string, (...values: unknown[]) => ResultRef>();
  const methodOf = (name: string): ((...values: unknown[]) => ResultRef) => {
    let method = methods.get(name);
    if (method === undefined) {
      const definition = methodDefinition(name);
      method = (...values) => {
        const ref = new ResultRef(core, name);
        if (core.refusal !== undefined) ref.reject(core.refusal);
        else core.submitter.make(definition, values, METHOD_PLAN, route, ref);
        return ref;
      };
      methods.set(name, method);
      handleMethods.set(method, { route, definition });
    }
    return method;
  };
  const stop = async (): Promise<void> => {
    await route.drain();
    await core.ask({ kind: 'endActor', actor: route.actor, drain: true }).catch((error: unknown) => {
      if (!(error instanceof ActorDiedError)) throw error;
    });
  };
  return new Proxy(Object.create(HANDLE) as object, {
    get: (_, name) => {
      if (name === Symbol.asyncDispose) return stop;
      if (name === INSPECT || name === Symbol.toPrimitive)
        return () => `ActorHandle { actor: ${route.actor} }`;
      // A handle is no promise, so that it can be awaited and returned as it is; nor is it called by JSON.stringify.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
      return methodOf(name);
    },
    set: () => false,
  });
}
