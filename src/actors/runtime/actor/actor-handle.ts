/** Handles to actors: objects with the methods of the actor's class, which call them where the actor lives. */
import { ActorDiedError } from '../../../state/errors.ts';
import { onlyItsTokenCanBeSent } from '../../client/uncloneable.ts';
import { METHOD_PLAN } from '../call/call-options.ts';
import { ResultRef } from '../call/result-ref.ts';
import type { RuntimeAccess } from '../runtime-access.ts';
import { type Definition, methodDefinition } from '../task-registry.ts';
import type { ActorRoute } from './actor-route.ts';

/** What the proxies of handles stand for: nothing, so that each name is a method's. */
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
  const makeMethod = (name: string): ((...values: unknown[]) => ResultRef) => {
    const definition = methodDefinition(name);
    const method = (...values: unknown[]): ResultRef => {
      const ref = new ResultRef(core, name);
      if (core.refusal !== undefined) ref.reject(core.refusal);
      else core.submitter.make(definition, values, METHOD_PLAN, route, ref);
      return ref;
    };
    handleMethods.set(method, { route, definition });
    return method;
  };
  const stop = async (): Promise<void> => {
    await route.drain();
    await core.ask({ kind: 'endActor', actor: route.actor, drain: true }).catch((error: unknown) => {
      if (!(error instanceof ActorDiedError)) throw error;
    });
  };
  // The proxy stands behind the handle, and is asked once for each method: from then on the handle has it itself, and a call
  // finds it as it finds any property.
  const methods = new Proxy(HANDLE, {
    get: (_, name) => {
      if (name === Symbol.asyncDispose) return stop;
      if (name === INSPECT || name === Symbol.toPrimitive)
        return () => `ActorHandle { actor: ${route.actor} }`;
      // A handle is no promise, so that it can be awaited and returned as it is; nor is it called by JSON.stringify.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
      const method = makeMethod(name);
      Object.defineProperty(handle, name, { value: method });
      return method;
    },
    set: () => false,
  });
  const handle = Object.create(methods, {
    uncloneable: { value: onlyItsTokenCanBeSent, enumerable: true },
  }) as object;
  return handle;
}
