/** Transfer handlers: what comlink is taught about refs, and about callbacks. */
import type { MessagePort } from 'node:worker_threads';
import { invalidArgument } from '../../state/options.ts';
import { ObjectRef } from '../client/object-ref.ts';
import { Store } from '../client/store.ts';
import { ResultRef } from '../runtime/call/result-ref.ts';
import { portEndpoint } from './port-endpoint.ts';
import type { Endpoint } from './protocol.ts';
import {
  openTransit,
  packRef,
  packResult,
  type RefInTransit,
  type ResultInTransit,
  unpackRef,
  unpackResult,
} from './transit.ts';

interface Handler {
  canHandle(value: unknown): value is unknown;
  serialize(value: never): [unknown, never[]];
  deserialize(value: never): unknown;
}

/** The part of the module `comlink` that has the handlers. */
export interface ComlinkHandlers {
  readonly transferHandlers: {
    set(name: string, handler: Handler): unknown;
    get(name: string): unknown;
    delete(name: string): boolean;
  };
}

/** The parts of the module `comlink` that callbacks need. */
export interface ComlinkModule extends ComlinkHandlers {
  readonly proxyMarker: symbol;
  expose(object: unknown, endpoint: Endpoint): void;
  wrap(endpoint: Endpoint): unknown;
}

/**
 * Teaches comlink to pass refs of a store, as arguments and results, over its ports: `ObjectRef`s arrive as `ObjectRef`s of
 * the receiving thread, to be read in place. A `ResultRef` that is an argument arrives as a promise of an `ObjectRef`, also
 * while its call is under way; one that is returned is awaited by comlink itself and arrives as its value.
 *
 *     import * as Comlink from 'comlink';
 *     const store = await Store.connect(workerData.store);
 *     registerTransferHandlers(Comlink, store);
 *
 * The sender's own ref stays its own, to be released or forgotten; {@link handOver} gives it away. A ref on its way keeps its
 * object until the receiver has it, or cannot have it any more because its thread has ended or the
 * message was thrown away. If the sender's own thread ends first, or the object is deleted meanwhile, the ref arrives released:
 * using it throws `RefReleasedError`. Only arguments and results themselves are looked at, never what is inside of them.
 *
 * To be called in both threads, before the first message with a ref: comlink throws in the receiving thread otherwise, where
 * nobody catches it. Any thread that has the store may call it, once per store. The function returned ends it in this thread.
 *
 * Throws `InvalidArgumentError`. Sending throws `RefReleasedError` for a ref that was released; when it was a result to be
 * sent, comlink makes a `TypeError` of it.
 */
export function registerTransferHandlers(comlink: ComlinkHandlers, store: Store): () => void {
  const handlers = handlersOf(comlink, 'registerTransferHandlers');
  if (!(store instanceof Store)) throw invalidArgument('store', store, 'a Store', 'registerTransferHandlers');
  // The same in every thread, and of this store only.
  const refName = `plasmoid.ref.${store.name}`;
  const resultName = `plasmoid.result.${store.name}`;
  handlers.set(refName, refHandler(store));
  handlers.set(resultName, resultHandler(store));
  return () => {
    handlers.delete(refName);
    handlers.delete(resultName);
  };
}

/**
 * Replaces comlink's own handler for `Comlink.proxy`, so that callbacks over ports are on {@link portEndpoint}s: calling one
 * whose thread has ended rejects with an `EndpointClosedError`, releasing it closes its port, calls under way keep it, and its
 * `Comlink.finalizer` also runs when the thread that had it has ended. The other side may have comlink's own handler.
 *
 * Any thread may call it, for itself. The function returned puts comlink's own handler back. Throws `InvalidArgumentError`.
 */
export function registerProxyHandler(comlink: ComlinkModule): () => void {
  const handlers = handlersOf(comlink, 'registerProxyHandler');
  const former = handlers.get('proxy') as Handler;
  handlers.set('proxy', proxyHandler(comlink));
  return () => {
    handlers.set('proxy', former);
  };
}

function handlersOf(comlink: ComlinkHandlers, context: string): ComlinkHandlers['transferHandlers'] {
  const handlers: unknown = comlink?.transferHandlers;
  if (!(handlers instanceof Map)) throw invalidArgument('comlink', comlink, 'the module comlink', context);
  return handlers;
}

function refHandler(store: Store): Handler {
  return {
    canHandle: (value): value is unknown => value instanceof ObjectRef && value.store.name === store.name,
    serialize: (ref: ObjectRef) => sent(packRef(ref, store)),
    deserialize: (wire: RefInTransit) => unpackRef(wire, store),
  };
}

function resultHandler(store: Store): Handler {
  return {
    canHandle: (value): value is unknown => value instanceof ResultRef,
    serialize: (result: ResultRef) => sent(packResult(result)),
    deserialize: (wire: ResultInTransit) => unpackResult(wire, store),
  };
}

function proxyHandler({ expose, wrap, proxyMarker }: ComlinkModule): Handler {
  return {
    canHandle: (value): value is unknown =>
      ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
      Boolean(Reflect.get(value, proxyMarker)),
    serialize(value: unknown) {
      const { port1, port2 } = openTransit();
      expose(value, portEndpoint(port1));
      return [port2, [port2 as never]];
    },
    deserialize: (port: MessagePort) => wrap(portEndpoint(port)),
  };
}

/** The transfer list is of the DOM's types for comlink, which this package does without. */
function sent(wire: ResultInTransit): [unknown, never[]] {
  return [wire, [wire.port as never]];
}
