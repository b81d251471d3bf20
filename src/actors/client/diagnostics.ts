/** A store's events on `node:diagnostics_channel`. */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  eventChannelName,
  STORE_EVENT_NAMES,
  type StoreEvent,
  type StoreEventName,
  type StoreEvents,
  type StoreMessage,
} from '../../state/events.ts';
import { invalidArgument, oneOf } from '../../state/options.ts';

const eventName = oneOf(...STORE_EVENT_NAMES);

/**
 * Calls back for each event of a kind, of all stores that this thread has made (`leak`: of those that it leaves). The same as
 * subscribing to the channel `plasmoid:<name>` of `node:diagnostics_channel`, with types. Returns a function that ends it.
 *
 * Events are told in batches, some 50 ms after they happened, and never hold the store up: a thread too busy to hear them gets
 * `dropped`. Listeners must not throw: Node makes uncaught exceptions of what they throw.
 *
 * Throws `InvalidArgumentError`. May be called in any thread, before or after a store is made.
 */
export function onStoreEvent<Name extends StoreEventName>(
  name: Name,
  listener: (message: StoreMessage<Name>) => void,
): () => void {
  eventName(name, 'name', 'onStoreEvent');
  if (typeof listener !== 'function')
    throw invalidArgument('listener', listener, 'a function', 'onStoreEvent');
  // Only this module publishes there, messages of this very kind.
  const onMessage = (message: unknown): void => listener(message as StoreMessage<Name>);
  subscribe(eventChannelName(name), onMessage);
  return () => {
    unsubscribe(eventChannelName(name), onMessage);
  };
}

/** Tells the subscribers of this thread, if there are any. */
export function publishEvent<Name extends StoreEventName>(
  store: string,
  name: Name,
  values: StoreEvents[Name],
  atMs = Date.now(),
): void {
  const target = channel(eventChannelName(name));
  if (target.hasSubscribers) target.publish({ ...values, store, atMs });
}

/** Tells what came from the store's actor. What everybody must hear who looks for bugs is a warning as well. */
export function publishBatch(store: string, events: readonly StoreEvent[]): void {
  for (const event of events) {
    publishEvent(store, event.name, event.values, event.atMs);
    if (event.name === 'damage') warnOfDamage(event.values);
  }
}

function warnOfDamage({ id, sizeBytes, creator, callSite }: StoreEvents['damage']): void {
  const maker = callSite === undefined ? `client ${creator}` : `client ${creator} at ${callSite}`;
  process.emitWarning(
    `object ${id} (${sizeBytes} bytes, made by ${maker}) was changed after it was sealed: somebody has written into a view`,
    'PlasmoidDamageWarning',
  );
}
