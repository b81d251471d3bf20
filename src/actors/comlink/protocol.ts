/**
 * Comlink's wire protocol (4.4.2), and what it asks of an endpoint. Written down here instead of imported, so that nothing of
 * comlink is loaded: whoever uses it brings the copy that is used.
 */
import { MessagePort } from 'node:worker_threads';

/** A listener as comlink and the DOM have them. */
export type EndpointListener =
  | ((event: never) => void)
  | {
      handleEvent(event: never): void;
    };

/** What `Comlink.wrap` and `Comlink.expose` take: comlink's type of this name, without the DOM's types. */
export interface Endpoint {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  addEventListener(type: string, listener: EndpointListener, options?: object): void;
  removeEventListener(type: string, listener: EndpointListener, options?: object): void;
  start(): void;
}

/** A value in a message. */
export type WireValue =
  | { readonly type: 'RAW'; readonly value: unknown }
  | { readonly type: 'HANDLER'; readonly name: string; readonly value: unknown };

const REQUESTS = ['GET', 'SET', 'APPLY', 'CONSTRUCT', 'ENDPOINT', 'RELEASE'] as const;
type RequestType = (typeof REQUESTS)[number];

/** What `wrap` sends, and `expose` answers. */
export interface Request {
  readonly id: string;
  readonly type: RequestType;
  readonly path?: readonly string[];
  readonly argumentList?: readonly WireValue[];
  readonly value?: WireValue;
}

/** What comes back. */
export type Reply = WireValue & { readonly id: string };

const TYPES: ReadonlySet<unknown> = new Set(REQUESTS);

export function isRequest(message: unknown): message is Request {
  if (typeof message !== 'object' || message === null) return false;
  return 'id' in message && typeof message.id === 'string' && 'type' in message && TYPES.has(message.type);
}

export function isReply(message: unknown): message is Reply {
  if (typeof message !== 'object' || message === null || isRequest(message)) return false;
  return 'id' in message && typeof message.id === 'string';
}

export function returned(id: string, value: unknown): Reply {
  return { id, type: 'RAW', value };
}

/**
 * Comlink takes errors apart and keeps name, message and stack. A reply that is made in the very thread that reads it needs
 * none of that: as a value that is no error in comlink's eyes, the error is thrown as it is, with class, cause and properties.
 */
export function thrown(id: string, error: unknown): Reply {
  return { id, type: 'HANDLER', name: 'throw', value: { isError: false, value: error } };
}

/** The end of whoever exposes something: comlink runs its finalizer then. */
export function farewell(): Request {
  return { id: 'closed', type: 'RELEASE', path: [] };
}

/** What a call is called in messages. */
export function nameOf({ path }: Request): string {
  return path === undefined || path.length === 0 ? 'the call' : path.join('.');
}

/** Ports that comlink has made for the callbacks among the arguments of a message that was not sent: nobody else knows them. */
export function closeCallbackPorts({ argumentList = [], value }: Request): void {
  for (const wire of value === undefined ? argumentList : [...argumentList, value])
    if (wire.type === 'HANDLER' && wire.value instanceof MessagePort) wire.value.close();
}
