/** Starting and ending a runtime, from the thread that owns it. */
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { createThreadBoard } from '../../pools/runtime/thread-board.ts';
import { SystemError } from '../../state/errors.ts';
import { Store } from '../client/store.ts';
import { decodeError } from './link/error-codec.ts';
import { OWNER_INDEX } from './owner-index.ts';
import { RuntimeCore } from './runtime-core.ts';
import { type RuntimeOptions, readRuntimeOptions } from './runtime-options.ts';
import type { SchedulerStart, SchedulerStarted } from './scheduler/scheduler-start.ts';

export interface OwnedRuntime {
  readonly core: RuntimeCore;
  /** Ends the workers, the scheduler and the store; calls that are left fail. */
  end(untilMs: number): Promise<void>;
}

/** Whatever fails, nothing stays behind. */
export async function startRuntime(options: RuntimeOptions | undefined): Promise<OwnedRuntime> {
  const {
    store: storeOptions,
    workers,
    resources,
    labels,
    resourceLimits,
    heartbeat,
  } = readRuntimeOptions(options);
  const store = await Store.create(storeOptions);
  try {
    const board = createThreadBoard();
    const { port1: mailbox, port2: schedulerPort } = new MessageChannel();
    const start: SchedulerStart = {
      store: store.handle,
      board,
      ownerPort: schedulerPort,
      ownerClient: store.client,
      minWorkers: workers.min,
      maxWorkers: workers.max,
      resources,
      labels,
      resourceLimits,
      heartbeatMs: heartbeat,
    };
    const core = new RuntimeCore(OWNER_INDEX, store, board, mailbox);
    const thread = new Worker(new URL('./scheduler/thread.js', import.meta.url), {
      workerData: start,
      transferList: [schedulerPort],
      name: 'plasmoid-scheduler',
      execArgv: [],
    });
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    const endedEarly = exited.then(() => {
      throw new SystemError("the runtime's scheduler thread ended before it served", {
        systemCall: 'Worker',
      });
    });
    try {
      const [started] = await Promise.race([once(thread, 'message'), endedEarly]);
      const { failure }: SchedulerStarted = started;
      if (failure !== undefined) {
        const cause = decodeError(failure);
        throw new SystemError(
          `the runtime's workers could not start: ${cause.message}`,
          { systemCall: 'Worker' },
          { cause },
        );
      }
    } catch (error) {
      endedEarly.catch(() => {});
      core.end();
      await thread.terminate();
      throw error;
    }
    endedEarly.catch(() => {});
    thread.on('error', (error) => {
      process.emitWarning(
        `Plasmoid's scheduler thread died: ${error.stack ?? String(error)}`,
        'PlasmoidWarning',
      );
    });
    void exited.then(() => core.end());
    thread.unref();
    return {
      core,
      end: async (untilMs) => {
        thread.ref();
        const deadlineMs = untilMs - performance.now();
        if (core.closed === undefined) await core.ask({ kind: 'close', deadlineMs }).catch(() => {});
        core.end();
        await exited;
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
