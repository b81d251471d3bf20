/** Starting and ending the allocator actor's thread, from the thread that creates a store. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SystemError } from '../../state/errors.ts';
import type { StoreEvent } from '../../state/events.ts';
import { type AllocatorThreadData, EVENTS_HEARD } from '../allocator/thread-data.ts';

/** The running thread. */
export interface AllocatorThread {
  /** Waits until the thread has ended, after it was asked to. */
  ended(): Promise<void>;
}

/** Starts the actor and waits until it serves. The thread does not keep the process alive. */
export async function startAllocatorThread(
  data: AllocatorThreadData,
  onEvents: (events: readonly StoreEvent[]) => void,
): Promise<AllocatorThread> {
  const worker = new Worker(new URL('../allocator/thread.js', import.meta.url), {
    workerData: data,
    name: 'plasmoid-allocator',
    // The creator's flags (an input type, a debugger port, loaders) are not meant for it.
    execArgv: [],
  });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  // Without it a thread that ends without an error before it serves would be waited for without end.
  const endedEarly = exited.then(() => {
    throw new SystemError("the store's allocator thread ended before it served", { systemCall: 'Worker' });
  });
  await Promise.race([once(worker, 'message'), endedEarly]);
  worker.on('error', (error) => {
    // Clients learn of it from the control region; what went wrong would be lost.
    process.emitWarning(
      `Plasmoid's allocator thread died: ${error.stack ?? String(error)}`,
      'PlasmoidWarning',
    );
  });
  worker.on('message', (events: readonly StoreEvent[]) => {
    // Before anybody hears them, who might throw.
    worker.postMessage(EVENTS_HEARD);
    onEvents(events);
  });
  worker.unref();
  return {
    ended: () => {
      // Somebody waits for it: now it does keep the process alive.
      worker.ref();
      return exited;
    },
  };
}
