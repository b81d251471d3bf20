/** Ports and workers as endpoints for comlink, without what comlink leaves hanging. */
import { errorMonitor } from 'node:events';
import { MessagePort, parentPort, type TransferListItem, Worker } from 'node:worker_threads';
import { EndpointClosedError } from '../../state/errors.ts';
import { invalidArgument } from '../../state/options.ts';
import { Listeners } from './listeners.ts';
import {
  closeCallbackPorts,
  type Endpoint,
  type EndpointListener,
  farewell,
  isReply,
  isRequest,
  type Request,
  returned,
  thrown,
} from './protocol.ts';

/**
 * A port, a worker, or `parentPort` in a worker as an endpoint of comlink, on either side or on both; instead of
 * `comlink/dist/esm/node-adapter.mjs`. Where comlink's own endpoints would leave things hanging, this one
 *
 * - rejects calls with an `EndpointClosedError` when the other thread has ended or its port was closed, those under way and
 *   later ones (`cause`: the error that a worker ended with);
 * - lets calls under way end before the proxy's release is sent, also one that the collector asks for;
 * - closes the port, on both sides, when the proxy was released; a worker stays;
 * - runs `Comlink.finalizer` also when the other thread has ended without a release.
 *
 * Belongs to the thread that has the port. A port that was closed before cannot be told from an open one. Throws
 * `InvalidArgumentError` for what is neither port nor worker.
 */
export function portEndpoint(port: MessagePort | Worker): Endpoint {
  if (!(port instanceof MessagePort || port instanceof Worker))
    throw invalidArgument('port', port, 'a MessagePort or a Worker', 'portEndpoint');
  return new PortEndpoint(port);
}

class PortEndpoint implements Endpoint {
  readonly #port: MessagePort | Worker;
  readonly #listeners = new Listeners();
  /** Calls that were not answered yet. */
  readonly #underWay = new Set<string>();
  /** Waits for the calls under way. */
  #heldRelease: Request | undefined;
  /** Was sent. */
  #release: string | undefined;
  #closed: EndpointClosedError | undefined;
  readonly #hear = (message: unknown): void => this.#heard(message);

  constructor(port: MessagePort | Worker) {
    this.#port = port;
    if (port instanceof MessagePort) {
      port.once('close', () =>
        this.#gone(new EndpointClosedError('the other side has closed its port, or its thread has ended')),
      );
      return;
    }
    let cause: unknown;
    // Only looking on: an error that nobody listens for is to stay one.
    port.once(errorMonitor, (error: unknown) => {
      cause = error;
    });
    const ended = (): void =>
      this.#gone(
        new EndpointClosedError('the worker has ended', {}, cause === undefined ? undefined : { cause }),
      );
    if (port.threadId < 0) this.#closed = new EndpointClosedError('the worker has ended');
    else port.once('exit', ended);
  }

  addEventListener(type: string, listener: EndpointListener): void {
    if (type !== 'message') return;
    if (this.#listeners.isEmpty) this.#port.on('message', this.#hear);
    this.#listeners.add(listener);
  }

  /** Comlink does so when what it exposes was released, and its answer sent. */
  removeEventListener(_type: string, listener: EndpointListener): void {
    if (this.#listeners.isEmpty) return;
    this.#listeners.remove(listener);
    if (this.#listeners.isEmpty) this.#leave();
  }

  start(): void {
    if (this.#port instanceof MessagePort) this.#port.start();
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (!isRequest(message)) {
      this.#post(message, transfer);
    } else if (this.#closed !== undefined) {
      closeCallbackPorts(message);
      // Comlink does not expect answers while it still asks.
      queueMicrotask(() => this.#refuse(message.id, message.type === 'RELEASE'));
    } else if (message.type === 'RELEASE' && this.#underWay.size > 0) {
      this.#heldRelease = message;
    } else {
      this.#send(message, transfer);
    }
  }

  #send(request: Request, transfer: readonly unknown[]): void {
    try {
      this.#post(request, transfer);
    } catch (error) {
      closeCallbackPorts(request);
      throw error;
    }
    if (request.type === 'RELEASE') this.#release = request.id;
    else this.#underWay.add(request.id);
  }

  #post(message: unknown, transfer: readonly unknown[]): void {
    this.#port.postMessage(message, transfer as readonly TransferListItem[]);
  }

  #heard(message: unknown): void {
    this.#listeners.tell(message);
    if (!isReply(message)) return;
    if (message.id === this.#release) {
      this.#leave();
      this.#gone(new EndpointClosedError('the proxy was released'));
      return;
    }
    this.#underWay.delete(message.id);
    const release = this.#heldRelease;
    if (release === undefined || this.#underWay.size > 0) return;
    this.#heldRelease = undefined;
    this.#send(release, []);
  }

  /** Nothing will come any more. */
  #gone(reason: EndpointClosedError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const id of this.#underWay) this.#refuse(id, false);
    this.#underWay.clear();
    for (const id of [this.#release, this.#heldRelease?.id]) if (id !== undefined) this.#refuse(id, true);
    this.#listeners.tell(farewell());
  }

  #refuse(id: string, isRelease: boolean): void {
    this.#listeners.tell(isRelease ? returned(id, undefined) : thrown(id, this.#closed));
  }

  /** Without a listener, a port keeps no thread from ending. */
  #leave(): void {
    this.#port.off('message', this.#hear);
    if (this.#port instanceof MessagePort && this.#port !== parentPort) this.#port.close();
  }
}
