/** The pool's worker: answers one question about a range of rows, from the store or from columns that were sent along. */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type ObjectToken, Store, type StoreHandle } from '../../src/index.ts';
import type { Columns } from './columns.ts';
import { count, QUESTIONS, type Question, type SomeColumns } from './kernels.ts';

/** Names of the columns in the store. */
export type ColumnTokens = { readonly [Name in keyof Columns]: ObjectToken<Columns[Name]> };

/** What to count. */
export interface Work {
  readonly question: Question;
  readonly keys: number;
  readonly start: number;
  readonly end: number;
}
/** A task whose columns are in the store. */
export interface SharedTask extends Work {
  readonly store: StoreHandle;
  readonly tokens: ColumnTokens;
}
/** A task that carries its columns. */
export interface CloneTask extends Work {
  readonly columns: SomeColumns;
}

/** What a task answers. */
export interface TaskResult {
  readonly counts: Uint32Array;
  /** When the worker could read its columns, by `monotonicMs`. */
  readonly readyAtMs: number;
}

/** Piscina's envelope of a `TaskResult` whose counts are transferred. */
type Moved = ReturnType<typeof move>;

const NO_ROWS: Columns = {
  delay: new Float64Array(0),
  distance: new Float64Array(0),
  hour: new Uint8Array(0),
  origin: new Uint16Array(0),
};

let connected: Promise<Store> | undefined;

export async function shared({ store: handle, tokens, ...work }: SharedTask): Promise<Moved> {
  connected ??= Store.connect(handle);
  const store = await connected;
  const columns: { -readonly [Name in keyof Columns]?: Columns[Name] } = {};
  const needed: readonly string[] = QUESTIONS[work.question];
  columns.delay = store.getSync(store.ref(tokens.delay));
  if (needed.includes('distance')) columns.distance = store.getSync(store.ref(tokens.distance));
  if (needed.includes('hour')) columns.hour = store.getSync(store.ref(tokens.hour));
  if (needed.includes('origin')) columns.origin = store.getSync(store.ref(tokens.origin));
  return answer(columns, work);
}

export function clone({ columns, ...work }: CloneTask): Moved {
  return answer(columns, work);
}

/** The work of a task on no rows. */
export function idle(work: Work): Moved {
  return answer(NO_ROWS, { ...work, start: 0, end: 0 });
}

/** Milliseconds of a clock that all threads share; `performance.timeOrigin` differs between them by up to a millisecond. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function answer(columns: SomeColumns, { question, keys, start, end }: Work): Moved {
  const readyAtMs = monotonicMs();
  const result: TaskResult = { counts: count(question, columns, keys, start, end), readyAtMs };
  // The counts move to the main thread instead of being copied, in all modes alike.
  return move({ [transferableSymbol]: [result.counts.buffer], [valueSymbol]: result });
}
