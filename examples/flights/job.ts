/** The job: all questions over all rows, by a pool of workers, with one of three ways to hand the columns over. */
import { Piscina } from 'piscina';
import { Store } from '../../src/index.ts';
import type { Columns, Flights } from './columns.ts';
import { merge, QUESTIONS, type Question, type SomeColumns, splitRows } from './kernels.ts';
import {
  type CloneTask,
  type ColumnTokens,
  monotonicMs,
  type SharedTask,
  type TaskResult,
} from './worker.ts';

/**
 * How workers get their columns. `plasmoid`: from the store, in place. `slices`: each task carries its own rows, by
 * structured clone. `whole`: each task carries whole columns, as when any worker may need any row.
 */
export type Mode = 'plasmoid' | 'slices' | 'whole';

/** Merged counts for each question. */
export type Answers = { readonly [Q in Question]: Uint32Array };

/** What the job gave and cost. */
export interface JobResult {
  readonly answers: Answers;
  /** From the first task to the last answer; for plasmoid with the put of the columns. */
  readonly wallMs: number;
  /**
   * Summed over tasks: from the preparation of a task's message until the worker could read its columns; for plasmoid with
   * the put. No task waits in a queue meanwhile.
   */
  readonly handOverMs: number;
  /** Column bytes copied between threads. */
  readonly copiedBytes: number;
  readonly tasks: number;
}

/** What to run. */
export interface JobOptions {
  readonly mode: Mode;
  readonly workers: number;
  readonly memory: string;
  /** Ranges per question; each is a task. */
  readonly ranges: number;
  /** Called when all workers are up and nothing was handed over yet. */
  readonly onReady?: () => void;
  /** Hears the part of the tasks that is done. */
  readonly onProgress?: (part: number) => void;
}

const QUESTION_NAMES: readonly Question[] = ['hours', 'airports', 'density'];

/** Runs the job in this process. */
export async function runJob(flights: Flights, options: JobOptions): Promise<JobResult> {
  const { mode, workers } = options;
  const pool = new Piscina({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    // The default mode parks idle workers where neither timers nor wake-ups of the store are heard.
    atomics: 'disabled',
    execArgv: [],
  });
  const store = mode === 'plasmoid' ? await Store.create({ memory: options.memory }) : undefined;
  try {
    const tasks = planTasks(flights, options.ranges);
    // The same tasks on no rows: the baseline then has the workers' code and their counts, and only the columns are missing.
    await runTasks(workers, tasks, (task) => pool.run(task, { name: 'idle' }));
    options.onReady?.();
    const startedMs = performance.now();
    const shared = store === undefined ? undefined : await putColumns(store, flights.columns);
    const answers: { -readonly [Q in Question]?: Uint32Array } = {};
    let handOverMs = shared?.putMs ?? 0;
    let copiedBytes = shared?.bytes ?? 0;
    let done = 0;
    await runTasks(workers, tasks, async (task) => {
      // Cutting slices is a part of handing them over.
      const calledAtMs = monotonicMs();
      const call =
        shared === undefined
          ? cloneCall(flights.columns, task, mode === 'slices')
          : sharedCall(shared.store, shared.tokens, task);
      copiedBytes += call.bytes;
      const result: TaskResult = await pool.run(call.task, { name: call.name });
      handOverMs += result.readyAtMs - calledAtMs;
      const merged = answers[task.question];
      if (merged === undefined) answers[task.question] = result.counts;
      else merge(merged, result.counts);
      done += 1;
      options.onProgress?.(done / tasks.length);
    });
    const { hours, airports, density } = answers;
    if (hours === undefined || airports === undefined || density === undefined) throw new Error('no rows');
    return {
      answers: { hours, airports, density },
      wallMs: performance.now() - startedMs,
      handOverMs,
      copiedBytes,
      tasks: tasks.length,
    };
  } finally {
    await pool.destroy();
    await store?.close();
  }
}

/** Runs all tasks, one per worker at a time: time in a queue is no hand-over. */
async function runTasks(
  workers: number,
  tasks: readonly PlannedTask[],
  run: (task: PlannedTask) => Promise<unknown>,
): Promise<void> {
  const waiting = tasks.values();
  const feedWorker = async (): Promise<void> => {
    for (const task of waiting) await run(task);
  };
  await Promise.all(Array.from({ length: workers }, feedWorker));
}

interface PlannedTask {
  readonly question: Question;
  readonly keys: number;
  readonly start: number;
  readonly end: number;
}

function planTasks({ columns, airports }: Flights, ranges: number): PlannedTask[] {
  const keys = { hours: 24, airports: airports.length, density: 1 };
  return QUESTION_NAMES.flatMap((question) =>
    splitRows(columns.delay.length, ranges).map((range) => ({ question, keys: keys[question], ...range })),
  );
}

async function putColumns(store: Store, columns: Columns) {
  const startedMs = performance.now();
  const refs = {
    delay: await store.put(columns.delay),
    distance: await store.put(columns.distance),
    hour: await store.put(columns.hour),
    origin: await store.put(columns.origin),
  };
  const tokens: ColumnTokens = {
    delay: refs.delay.token,
    distance: refs.distance.token,
    hour: refs.hour.token,
    origin: refs.origin.token,
  };
  const bytes = Object.values(columns).reduce(
    (sum: number, column: ArrayBufferView) => sum + column.byteLength,
    0,
  );
  // The refs stay with the tokens: a token alone holds nothing.
  return { store, refs, tokens, bytes, putMs: performance.now() - startedMs };
}

interface Call {
  readonly task: SharedTask | CloneTask;
  readonly name: 'shared' | 'clone';
  readonly bytes: number;
}

function sharedCall(store: Store, tokens: ColumnTokens, task: PlannedTask): Call {
  return { task: { ...task, store: store.handle, tokens }, name: 'shared', bytes: 0 };
}

function cloneCall(columns: Columns, task: PlannedTask, slices: boolean): Call {
  const sent: { -readonly [Name in keyof Columns]?: Columns[Name] } = {};
  let bytes = 0;
  const cut = <Column extends Float64Array | Uint8Array | Uint16Array>(column: Column): Column => {
    // A copy of the range: a subarray would be cloned with its whole buffer.
    const part = slices ? (column.slice(task.start, task.end) as Column) : column;
    bytes += part.byteLength;
    return part;
  };
  const needed: readonly string[] = QUESTIONS[task.question];
  sent.delay = cut(columns.delay);
  if (needed.includes('distance')) sent.distance = cut(columns.distance);
  if (needed.includes('hour')) sent.hour = cut(columns.hour);
  if (needed.includes('origin')) sent.origin = cut(columns.origin);
  const rows: { start: number; end: number } = slices ? { start: 0, end: task.end - task.start } : task;
  const columnsSent: SomeColumns = sent;
  return { task: { ...task, ...rows, columns: columnsSent }, name: 'clone', bytes };
}
