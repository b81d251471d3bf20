/** One call for each of many values, a limited number at a time. */

import { InterruptedError } from '../../../state/errors.ts';
import { integer, invalidArgument, optional, readOptions } from '../../../state/options.ts';
import type { Call } from './call.ts';
import { type CallOptions, type CallPlan, readCallOptions } from './call-options.ts';
import { type ResultHost, ResultRef } from './result-ref.ts';

/** Options of `map`. */
export interface MapOptions extends CallOptions {
  /** Calls under way at a time, and results waiting to be taken. Default 64. */
  readonly concurrency?: number | undefined;
}

const CONCURRENCY = 64;

export function readMapOptions(options: MapOptions | undefined): {
  readonly concurrency: number;
  readonly plan: CallPlan;
} {
  if (options === undefined)
    return { concurrency: CONCURRENCY, plan: readCallOptions(undefined, 'Runtime.map') };
  const { concurrency: given, ...rest } = options ?? {};
  const { concurrency } = readOptions(
    { concurrency: optional(integer(1)) },
    { concurrency: given },
    'Runtime.map',
  );
  return { concurrency: concurrency ?? CONCURRENCY, plan: readCallOptions(rest, 'Runtime.map') };
}

/** The results in the order of the values. */
export async function* mapInOrder(
  host: ResultHost,
  what: string,
  submit: (value: unknown, ref: ResultRef) => Call,
  values: Iterable<unknown> | AsyncIterable<unknown>,
  concurrency: number,
): AsyncGenerator<unknown, void, void> {
  if (
    typeof values !== 'object' ||
    values === null ||
    !(Symbol.asyncIterator in values || Symbol.iterator in values)
  )
    throw invalidArgument('values', values, 'an iterable or async iterable of values', 'Runtime.map');
  const source =
    Symbol.asyncIterator in values
      ? values[Symbol.asyncIterator]()
      : (values as Iterable<unknown>)[Symbol.iterator]();
  const underWay: { readonly ref: ResultRef; readonly call: Call }[] = [];
  let isAtEnd = false;
  try {
    for (;;) {
      while (!isAtEnd && underWay.length < concurrency) {
        const { done, value } = await source.next();
        if (done === true) isAtEnd = true;
        else {
          const ref = new ResultRef(host, what);
          underWay.push({ ref, call: submit(value, ref) });
        }
      }
      const next = underWay.shift();
      if (next === undefined) return;
      yield await next.ref;
    }
  } finally {
    for (const { call, ref } of underWay) {
      ref.catch(() => {});
      call.cancel(new InterruptedError('the iteration was ended', { call: what }));
    }
    if (!isAtEnd) await source.return?.();
  }
}
