/** The items of a generator on their way to its caller, as many at a time as the caller has room for. */
import type { Participant } from '../link/participant.ts';
import type { Payload } from '../link/payload.ts';
import { RECORD } from '../link/protocol.ts';
import { runAs } from './task-context.ts';
import type { IncomingCall } from './worker-lane.ts';

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

export class OutgoingStream {
  readonly #participant: Participant;
  readonly #call: IncomingCall;
  /** Name of the worker. */
  readonly #worker: string;
  readonly #onEnd: (failure: { readonly error: unknown } | undefined) => void;
  #iterator: AnyIterator | undefined;
  #items = 0;
  #bytes = 0;
  #isPumping = false;
  #isStopped = false;
  /** The call is answered, or about to be. */
  hasEnded = false;
  /** Items whose objects the caller has not taken yet, oldest first. */
  #sent: Payload[] = [];

  constructor(
    participant: Participant,
    call: IncomingCall,
    worker: string,
    onEnd: (failure: { readonly error: unknown } | undefined) => void,
  ) {
    this.#participant = participant;
    this.#call = call;
    this.#worker = worker;
    this.#onEnd = onEnd;
  }

  /** Whether items are on their way whose objects nobody else holds yet. */
  get holdsObjects(): boolean {
    return this.#sent.length > 0;
  }

  /** The generator has started. */
  begin(generator: unknown): void {
    const iterator = iteratorOf(generator);
    if (iterator === undefined) {
      this.#onEnd({ error: new TypeError(`${this.#call.code.name} gave no generator to stream from`) });
      return;
    }
    this.#iterator = iterator;
    this.#pump();
  }

  /** The caller has room for so much more; no items: it wants none any more. */
  credit(items: number, bytes: number): void {
    if (items === 0) {
      this.stop();
      return;
    }
    this.#items += items;
    this.#bytes += bytes;
    this.#pumpSoon();
  }

  /** The caller holds the objects of the oldest item that has any. */
  received(): void {
    this.#sent.shift()?.release();
  }

  stop(): void {
    this.#isStopped = true;
    this.#pumpSoon();
  }

  /** It waits for its reader: others may have its processor meanwhile. */
  get isPaused(): boolean {
    return !this.#isPumping && this.#iterator !== undefined && !this.hasEnded;
  }

  /** Not at once: its code may wait for results, and so read the ring whose record is being handled. */
  #pumpSoon(): void {
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    if (this.#isPumping || this.#iterator === undefined) return;
    this.#isPumping = true;
    this.#run(this.#iterator).then(
      () => {
        this.#isPumping = false;
      },
      (error: unknown) => this.#end({ error }),
    );
  }

  async #run(iterator: AnyIterator): Promise<void> {
    const { link, number } = this.#call;
    const { codec } = this.#participant;
    while (!link.closed) {
      if (this.#isStopped) {
        await this.#step(() => iterator.return?.());
        return this.#end(undefined);
      }
      if (this.#items <= 0 || this.#bytes <= 0) return;
      const { done, value } = await this.#step(() => iterator.next());
      if (done === true) return this.#end(undefined);
      const payload = codec.encode([await value]);
      await payload.ready;
      const { sizeBytes } = payload;
      this.#items--;
      this.#bytes -= sizeBytes;
      if (payload.hasObjects) this.#sent.push(payload);
      link.write(RECORD.ITEM, payload, number, sizeBytes);
      link.flush();
    }
  }

  /** A generator's code runs as its call's each time that it goes on. */
  #step<T>(run: () => T): T {
    return runAs(this.#call, this.#worker, run);
  }

  #end(failure: { readonly error: unknown } | undefined): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#onEnd(failure);
  }
}

function iteratorOf(value: unknown): AnyIterator | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Symbol.asyncIterator in value) return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  if (Symbol.iterator in value) return (value as Iterable<unknown>)[Symbol.iterator]();
  return undefined;
}
