/** The pool's worker: answers one question about a range of rows, from the store or from columns that were sent along. */
import { transferableSymbol, valueSymbol } from 'piscina';
import { type ObjectToken, Store, type StoreHandle } from '../../src/index.ts';
import type { Columns } from './columns.ts';
import { count, QUESTIONS, type Question, type SomeColumns } from './kernels.ts';

/** Names of the columns in the store. */
export type ColumnTokens = { readonly [Name in keyof Columns]: ObjectToken<Columns[Name]> };

interface Work {
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
  /** When the worker could read its columns, in milliseconds of the wall clock. */
  readonly readyAtMs: number;
  readonly computeMs: number;
}

let connected: Promise<Store> | undefined;

export async function shared({ store: handle, tokens, ...work }: SharedTask): Promise<TaskResult> {
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

export function clone({ columns, ...work }: CloneTask): TaskResult {
  return answer(columns, work);
}

/** The counts move to the main thread instead of being copied, in all modes alike. */
function moved(result: TaskResult): TaskResult {
  return Object.assign({ [transferableSymbol]: [result.counts.buffer], [valueSymbol]: result }, result);
}

function answer(columns: SomeColumns, { question, keys, start, end }: Work): TaskResult {
  const startedMs = performance.now();
  const counts = count(question, columns, keys, start, end);
  return moved({
    counts,
    readyAtMs: performance.timeOrigin + startedMs,
    computeMs: performance.now() - startedMs,
  });
}
