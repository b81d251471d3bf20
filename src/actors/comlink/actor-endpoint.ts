/** Actors as endpoints for comlink: its calls become calls of the actor. */
import { MessagePort } from 'node:worker_threads';
import { NotSupportedError } from '../../state/errors.ts';
import { invalidArgument } from '../../state/options.ts';
import { routeOfHandle } from '../runtime/actor/actor-handle.ts';
import type { ActorHandle, Arguments, ResultOf } from '../runtime/call/call-types.ts';
import type { ResultRef } from '../runtime/call/result-ref.ts';
import { Listeners } from './listeners.ts';
import {
  type Endpoint,
  type EndpointListener,
  isRequest,
  nameOf,
  type Request,
  returned,
  thrown,
  type WireValue,
} from './protocol.ts';
import { takeBack } from './transit.ts';

type Method = (...values: never[]) => unknown;

/**
 * An actor's class as `Comlink.wrap` may be told it when refs are passed to its methods: for each parameter a value or a
 * ref to one, as calls of the handle have it.
 *
 *     const remote = Comlink.wrap<WithRefs<Counter>>(endpointOf(counter));
 */
export type WithRefs<Instance> = {
  readonly [Name in keyof Instance as Instance[Name] extends Method ? Name : never]: Instance[Name] extends (
    ...values: infer Parameters
  ) => unknown
    ? (...values: Arguments<Parameters>) => Promise<ResultOf<Instance[Name]>>
    : never;
};

/**
 * An actor as an endpoint of comlink, for code that has comlink's types already:
 *
 *     const remote = Comlink.wrap<Counter>(endpointOf(counter));
 *     await remote.add(1);
 *
 * Calls are those of the handle: they go through rings, in the order in which they are made, big typed arrays lie in the
 * store and are read in place. No port is made. Whoever releases the proxy, or lets the collector do it, ends neither the
 * actor nor other proxies.
 *
 * What fails rejects with the very error that a call of the handle rejects with, its class, cause and properties included:
 * `ActorDiedError`, `WorkerDiedError`, what the actor threw. `NotSupportedError` is what actors have no counterpart for:
 * reading and setting properties, `new`, `createEndpoint`, methods of methods, and arguments that need a port
 * (`Comlink.proxy`, transfer handlers other than those of {@link registerTransferHandlers}). The buffers in a transfer list
 * are copied and stay usable; ports in it are closed.
 *
 * Belongs to the thread that has the handle. Each call makes an endpoint of its own. Throws `InvalidArgumentError` for what is
 * no handle.
 */
export function endpointOf(actor: ActorHandle<object>): Endpoint {
  if (typeof actor !== 'object' || actor === null || routeOfHandle(actor) === undefined)
    throw invalidArgument('actor', actor, 'a handle to an actor', 'endpointOf');
  return new ActorEndpoint(actor);
}

class ActorEndpoint implements Endpoint {
  readonly #actor: object;
  readonly #listeners = new Listeners();

  constructor(actor: object) {
    this.#actor = actor;
  }

  addEventListener(type: string, listener: EndpointListener): void {
    if (type === 'message') this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: EndpointListener): void {
    this.#listeners.remove(listener);
  }

  start(): void {}

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (!isRequest(message))
      throw invalidArgument(
        'message',
        message,
        'a call of Comlink.wrap: an actor calls nobody',
        'endpointOf',
      );
    const { id } = message;
    const result = this.#serve(message);
    // Ports cannot travel in rings: whatever was to be sent, nobody else has them any more.
    for (const item of transfer) if (item instanceof MessagePort) item.close();
    result.then(
      (value) => this.#listeners.tell(returned(id, value)),
      (error: unknown) => this.#listeners.tell(thrown(id, error)),
    );
  }

  /** The call has its place among the actor's calls when this returns. */
  async #serve(request: Request): Promise<unknown> {
    if (request.type === 'RELEASE') return undefined;
    if (request.type !== 'APPLY') throw unsupported(request);
    const method = methodOf(this.#actor, request);
    const result = method(...argumentsOf(request));
    try {
      return await result;
    } finally {
      result.release();
    }
  }
}

function methodOf(actor: object, request: Request): (...values: unknown[]) => ResultRef {
  const [name, ...deeper] = request.path ?? [];
  const method: unknown = name === undefined || deeper.length > 0 ? undefined : Reflect.get(actor, name);
  if (typeof method !== 'function') throw unsupported(request);
  return method as (...values: unknown[]) => ResultRef;
}

function argumentsOf(request: Request): unknown[] {
  return (request.argumentList ?? []).map((wire: WireValue) => {
    if (wire.type === 'RAW') return wire.value;
    const ref = takeBack(wire.value);
    if (ref !== undefined) return ref;
    const what = wire.name === 'proxy' ? 'a Comlink.proxy' : `a value of the transfer handler ${wire.name}`;
    throw new NotSupportedError(
      `${nameOf(request)}: ${what} cannot be an argument of an actor's call, which goes through shared memory; ` +
        "take the method's result, a generator's items (Runtime.stream) or a channel instead",
      { call: nameOf(request), handler: wire.name },
    );
  });
}

function unsupported(request: Request): NotSupportedError {
  const name = nameOf(request);
  return new NotSupportedError(`${name}: ${reasonOf(request, name)}`, { call: name, type: request.type });
}

function reasonOf({ type, path = [] }: Request, name: string): string {
  switch (type) {
    case 'GET':
      return 'an actor shows its methods only; give it one that returns the property';
    case 'SET':
      return 'an actor shows its methods only; give it one that sets the property';
    case 'CONSTRUCT':
      return 'an actor constructs nothing; Runtime.spawn makes actors';
    case 'ENDPOINT':
      return 'an actor has no port; make one and call Comlink.expose(handle, portEndpoint(port))';
    default:
      return path.length === 0 ? 'an actor is no function; call one of its methods' : `${name} is no method`;
  }
}
