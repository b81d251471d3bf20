/** A thread that churns: so many steps for each question, or on and on until it is told to end. See `churn.ts`. */

import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Store, type StoreHandle } from '../../src/index.ts';
import { Churn, type ChurnPlan, type Step } from './churn.ts';
import { type Trace, traced } from './churn-trace.ts';

export interface ChurnWorkerData {
  readonly handle: StoreHandle;
  readonly plan: ChurnPlan;
}

/** Which part of a step is measured. */
export type ChurnPart = 'put + get' | 'put' | 'get' | 'the clock alone';

/** What is asked of it. */
export type ChurnOrder =
  | { readonly task: 'measure'; readonly steps: number; readonly part: ChurnPart }
  | { readonly task: 'trace'; readonly steps: number; readonly slowUs: number }
  | { readonly task: 'run' | 'tell' | 'end' };

/** What a thread tells of itself. */
export interface ChurnNews {
  readonly steps: number;
  readonly objectCount: number;
  readonly refusals: number;
  readonly heapUsedBytes: number;
}

/** What it answers. */
export interface ChurnAnswers {
  /** Microseconds of each step. */
  readonly measure: Float64Array;
  readonly trace: Trace;
  readonly run: undefined;
  readonly tell: ChurnNews;
  readonly end: undefined;
}

const STEPS_IN_A_TURN = 500;

const PARTS: Readonly<Record<ChurnPart, (step: Step) => number>> = {
  'put + get': ({ startMs, gotMs }) => gotMs - startMs,
  put: ({ startMs, putMs }) => putMs - startMs,
  get: ({ putMs, gotMs }) => gotMs - putMs,
  // Each figure has one reading of the clock in it.
  'the clock alone': () => -performance.now() + performance.now(),
};

async function serve({ handle, plan }: ChurnWorkerData): Promise<void> {
  const port = parentPort!;
  const store = await Store.connect(handle);
  const churn = new Churn(store, plan);
  const step: Step = { startMs: 0, putMs: 0, gotMs: 0, bytes: 0 };
  let steps = 0;
  let running: Promise<void> | undefined;
  let ends = false;
  churn.fill();

  const runOn = async (): Promise<void> => {
    while (!ends) {
      for (let done = 0; done < STEPS_IN_A_TURN; done++) churn.step(step);
      steps += STEPS_IN_A_TURN;
      await turn();
    }
  };
  const answer = async (order: ChurnOrder): Promise<ChurnAnswers[ChurnOrder['task']]> => {
    switch (order.task) {
      case 'measure': {
        const durationOf = PARTS[order.part];
        return Float64Array.from({ length: order.steps }, () => {
          churn.step(step);
          return durationOf(step) * 1000;
        });
      }
      case 'trace':
        return traced(store, churn, order);
      case 'run':
        running = runOn();
        return undefined;
      case 'tell':
        return {
          steps,
          objectCount: churn.objectCount,
          refusals: churn.refusals,
          heapUsedBytes: process.memoryUsage().heapUsed,
        };
      case 'end':
        ends = true;
        await running;
        churn.end();
        await store.close();
        return undefined;
    }
  };
  port.on('message', async (order: ChurnOrder) => port.postMessage(await answer(order)));
  port.postMessage(undefined);
}

if (parentPort !== null) await serve(workerData as ChurnWorkerData);
