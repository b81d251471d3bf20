/**
 * Refs on their way through comlink's messages. Each has a port of its own for the time of the way: the sender keeps a hold
 * until that port closes, and it closes when the receiver has its own hold, when the receiver's thread ends, and when the
 * message is thrown away unread. So nobody counts, no timer runs, and nothing is left.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { EndpointClosedError, PlasmoidError } from '../../state/errors.ts';
import { invalidArgument } from '../../state/options.ts';
import type { ObjectToken } from '../client/object-place.ts';
import { ObjectRef } from '../client/object-ref.ts';
import type { Store } from '../client/store.ts';
import type { ResultRef } from '../runtime/call/result-ref.ts';

/** A ref as it travels. */
export interface RefInTransit {
  readonly token: ObjectToken;
  readonly port: MessagePort;
}

/** A result as it travels: its token, or its failure, comes by the port. */
export interface ResultInTransit {
  readonly port: MessagePort;
}

/** What an error is in a message, as comlink has it. */
interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

type Arrival = { readonly token: ObjectToken } | { readonly error: ErrorText };

/** What goes through a ring in the end, and was packed for a port: its way ends where it began. */
const packed = new WeakMap<object, ObjectRef | ResultRef>();

const handedOver = new WeakSet<ObjectRef>();

/**
 * Gives a ref away with the next message of comlink that it is sent in: it is released here once it is packed. For results
 * above all, which nobody could release after they were sent:
 *
 *     return handOver(await store.put(pixels));
 *
 * Returns the ref itself. Belongs to the thread that has the ref. Throws `InvalidArgumentError`.
 */
export function handOver<T>(ref: ObjectRef<T>): ObjectRef<T> {
  if (!(ref instanceof ObjectRef)) throw invalidArgument('ref', ref, 'an ObjectRef', 'handOver');
  handedOver.add(ref);
  return ref;
}

/** What was packed in this thread; undefined for anything else. Who takes it back closes its port. */
export function takeBack(wire: unknown): ObjectRef | ResultRef | undefined {
  return typeof wire === 'object' && wire !== null ? packed.get(wire) : undefined;
}

/** Both ends of a channel whose second end is about to be transferred; if it is not, the channel ends. */
export function openTransit(): { readonly port1: MessagePort; readonly port2: MessagePort } {
  const channel = new MessageChannel();
  // Of a port that was transferred, nothing is left here to be closed.
  setImmediate(() => channel.port2.close());
  return channel;
}

/** Throws `RefReleasedError`, `ForeignRefError`, `StoreClosedError`. */
export function packRef(ref: ObjectRef, store: Store): RefInTransit {
  const held = store.ref(ref.token);
  const { port1, port2 } = openTransit();
  port1.once('close', () => held.release());
  const wire = { token: held.token, port: port2 };
  packed.set(wire, ref);
  // Later, for it may be taken back in this very step.
  if (handedOver.has(ref)) queueMicrotask(() => ref.release());
  return wire;
}

/**
 * Never throws: in a thread that exposes something, comlink lets errors of handlers out, and they end the thread. A ref whose
 * object was deleted on the way arrives released.
 */
export function unpackRef({ token, port }: RefInTransit, store: Store): ObjectRef {
  try {
    return store.ref(token);
  } catch (error) {
    if (!PlasmoidError.is(error)) throw error;
    const lost = new ObjectRef(store);
    lost.hold(token.slot, token.generation, -1);
    return lost;
  } finally {
    port.close();
  }
}

export function packResult(result: ResultRef): ResultInTransit {
  const { port1, port2 } = openTransit();
  let held: ObjectRef | undefined;
  let isClosed = false;
  port1.once('close', () => {
    isClosed = true;
    held?.release();
  });
  result.ref().then(
    (ref) => {
      held = ref;
      if (isClosed) ref.release();
      else port1.postMessage({ token: ref.token } satisfies Arrival);
    },
    (error: unknown) => port1.postMessage({ error: textOf(error) } satisfies Arrival),
  );
  const wire = { port: port2 };
  packed.set(wire, result);
  return wire;
}

/** Settles when the result is there. Nobody has to wait for it. */
export function unpackResult({ port }: ResultInTransit, store: Store): Promise<ObjectRef> {
  const arrival = new Promise<ObjectRef>((resolve, reject) => {
    port.once('message', (message: Arrival) => {
      try {
        if ('error' in message) reject(Object.assign(new Error(message.error.message), message.error));
        else resolve(store.ref(message.token));
      } catch (error) {
        reject(error);
      } finally {
        port.close();
      }
    });
    port.once('close', () =>
      reject(new EndpointClosedError('the thread that sent the result has ended before it was there')),
    );
  });
  arrival.catch(() => {});
  return arrival;
}

function textOf(error: unknown): ErrorText {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack };
}
