/** The items of a generator that runs on a worker, as its caller reads them. */
import { InterruptedError } from '../../../state/errors.ts';
import type { Sealed } from '../../../state/value-format.ts';
import { onlyItsTokenCanBeSent } from '../../client/uncloneable.ts';
import type { RuntimeAccess } from '../runtime-access.ts';
import type { Call, CallSink, StreamRoom } from './call.ts';

/** How far a generator runs ahead of its reader. */
const AHEAD_ITEMS = 16;
const AHEAD_BYTES = 8 * 2 ** 20;

interface Item {
  readonly value: unknown;
  readonly sizeBytes: number;
}

interface Reader {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

/** Give it to `for await`. It can be read once. */
export class ResultStream<T = unknown>
  implements AsyncIterableIterator<Sealed<T>, undefined>, AsyncDisposable, CallSink
{
  /** @internal */
  readonly uncloneable = onlyItsTokenCanBeSent;
  readonly #core: RuntimeAccess;
  readonly #items: Item[] = [];
  readonly #readers: Reader[] = [];
  #call: Call | undefined;
  #failure: { readonly error: unknown } | undefined;
  #hasEnded = false;
  /** Until it has given an item: its reader would get those twice. */
  isRepeatable = true;

  private constructor(core: RuntimeAccess) {
    this.#core = core;
  }

  /** @internal */
  static open<T>(
    core: RuntimeAccess,
    call: (stream: ResultStream, ahead: StreamRoom) => Call,
  ): ResultStream<T> {
    const stream = new ResultStream<T>(core);
    stream.#call = call(stream, { items: AHEAD_ITEMS, bytes: AHEAD_BYTES });
    return stream;
  }

  /** The next item, in place as the results of calls. Rejects with what the generator threw, after the items before it. */
  next(): Promise<IteratorResult<Sealed<T>, undefined>> {
    return new Promise((resolve, reject) => {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#credit(item);
        resolve({ done: false, value: item.value as Sealed<T> });
      } else if (this.#failure !== undefined) {
        const { error } = this.#failure;
        this.#failure = undefined;
        reject(error);
      } else if (this.#hasEnded) {
        resolve({ done: true, value: undefined });
      } else {
        this.#core.awaiting(1);
        this.#readers.push({ resolve: resolve as Reader['resolve'], reject });
        this.#core.participant.nudge();
      }
    });
  }

  /** Ends the generator: its `finally` runs. Items that were not read are dropped; who still waits for one hears of the end. */
  async return(): Promise<IteratorResult<Sealed<T>, undefined>> {
    this.#items.length = 0;
    this.#end(undefined);
    this.#failure = undefined;
    this.#call?.cancel(new InterruptedError('the stream was ended by its reader'));
    this.#core.participant.nudge();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal */
  item(value: unknown, sizeBytes: number): void {
    if (this.#hasEnded) return;
    this.isRepeatable = false;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#items.push({ value, sizeBytes });
      return;
    }
    this.#core.awaiting(-1);
    this.#credit({ value, sizeBytes });
    reader.resolve({ done: false, value });
  }

  /** @internal */
  resolve(): void {
    this.#end(undefined);
  }

  /** @internal */
  reject(error: unknown): void {
    this.#end({ error });
  }

  #end(failure: { readonly error: unknown } | undefined): void {
    // Its reader may have ended it before.
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#failure = failure;
    for (const reader of this.#readers.splice(0)) {
      this.#core.awaiting(-1);
      if (this.#failure === undefined) reader.resolve({ done: true, value: undefined });
      else {
        this.#failure = undefined;
        reader.reject(failure?.error);
      }
    }
  }

  #credit({ sizeBytes }: Item): void {
    const call = this.#call;
    if (this.#hasEnded || call?.lane === undefined) return;
    call.lane.link.credit(call.number, 1, sizeBytes);
    this.#core.participant.nudge();
  }
}
