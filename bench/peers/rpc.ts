/**
 * Calls written by hand: arrays by `postMessage`, and nothing that a program could do without. A port of its own saves
 * the worker's events, numbers of calls are used again so that an array finds who waits, and errors, transfers and the
 * end of the other side are nobody's business.
 */
import type { MessagePort } from 'node:worker_threads';

/** What is called with, and what an answer is. */
type Call = readonly [number: number, method: string, ...values: unknown[]];
type Answer = readonly [number: number, result: unknown];

export class RpcCaller {
  readonly #port: MessagePort;
  readonly #waiting: ((result: unknown) => void)[] = [];
  readonly #free: number[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', ([number, result]: Answer) => {
      const resolve = this.#waiting[number];
      this.#free.push(number);
      resolve?.(result);
    });
  }

  call(method: string, ...values: unknown[]): Promise<unknown> {
    return new Promise((resolve) => {
      this.#port.postMessage([this.#expect(resolve), method, ...values] satisfies Call);
    });
  }

  /** The same with buffers that go to the other side. */
  callWith(transfer: readonly ArrayBuffer[], method: string, ...values: unknown[]): Promise<unknown> {
    return new Promise((resolve) => {
      this.#port.postMessage([this.#expect(resolve), method, ...values] satisfies Call, transfer);
    });
  }

  #expect(resolve: (result: unknown) => void): number {
    const number = this.#free.pop() ?? this.#waiting.length;
    this.#waiting[number] = resolve;
    return number;
  }
}

export type RpcMethods = Readonly<Record<string, (...values: never[]) => unknown>>;

export function answerRpc(port: MessagePort, methods: RpcMethods): void {
  port.on('message', ([number, method, ...values]: Call) => {
    port.postMessage([number, methods[method]?.(...(values as never[]))] satisfies Answer);
  });
}
