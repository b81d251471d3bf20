/** Calls that one thread has started and does not wait for: whether they are over, and what came of them. */
import { PlasmoidError } from '../../src/index.ts';

/** Whoever is told of a settlement later than this was not told. */
const LIMIT_MS = 10_000;

interface Call {
  readonly controller: AbortController;
  readonly promise: Promise<unknown>;
  isOver: boolean;
}

/** What a call came to: its value, or the name of the error's class. */
export type Settlement = { readonly value: unknown } | { readonly error: string };

export class CallHands {
  readonly #calls = new Map<number, Call>();

  start(key: number, begin: (signal: AbortSignal) => Promise<unknown>): void {
    const controller = new AbortController();
    const call: Call = { controller, promise: begin(controller.signal), isOver: false };
    const finish = (): void => {
      call.isOver = true;
    };
    call.promise.then(finish, finish);
    this.#calls.set(key, call);
  }

  cancel(key: number): void {
    this.#calls.get(key)?.controller.abort();
  }

  /** Waits for one that must be over by now, or nearly. */
  async settle(key: number): Promise<Settlement> {
    const call = this.#calls.get(key);
    if (call === undefined) throw new Error(`the model asks for call ${key}, which there is not`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`call ${key} is not over after ${LIMIT_MS} ms`)), LIMIT_MS);
    });
    try {
      return { value: await Promise.race([call.promise, late]) };
    } catch (error) {
      if (!PlasmoidError.is(error)) throw error;
      return { error: error.name };
    } finally {
      clearTimeout(timer);
      this.#calls.delete(key);
    }
  }

  get settled(): number[] {
    return [...this.#calls].filter(([, { isOver }]) => isOver).map(([key]) => key);
  }

  /** Nobody asks for what is left. */
  abandonAll(): void {
    for (const { controller } of this.#calls.values()) controller.abort();
    this.#calls.clear();
  }
}
