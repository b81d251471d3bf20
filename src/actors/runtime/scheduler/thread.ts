/** Entry of the scheduler's thread. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { ThreadBoard } from '../../../pools/runtime/thread-board.ts';
import { Store } from '../../client/store.ts';
import { packError } from '../link/error-codec.ts';
import type { SchedulerMessage, ToScheduler } from '../link/messages.ts';
import { OWNER_INDEX } from '../owner-index.ts';
import { SchedulerActor, type SchedulerShell } from './scheduler-actor.ts';
import type { SchedulerStart, SchedulerStarted } from './scheduler-start.ts';
import { Supervisor } from './supervisor.ts';

const start: SchedulerStart = workerData;
const store = Store.connectSync(start.store);
const board = new ThreadBoard(start.board);

const shell: SchedulerShell = {
  wantWorker: (standIns) => supervisor.want(standIns),
  terminate: (thread, death) => supervisor.terminate(thread, death),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  close: async () => {
    await supervisor.close();
    scheduler.close();
    // Behind the reply to who asked.
    setImmediate(() => {
      start.ownerPort.close();
      void store.close();
    });
  },
};

const scheduler = new SchedulerActor(store, shell, {
  resources: start.resources,
  labels: start.labels,
  maxWorkers: start.maxWorkers,
});

const supervisor = new Supervisor(start, store.connection.control, board, {
  started: ({ index, name, port }) => {
    join(index, name, port, (message) => {
      if (message.type !== 'ready') return scheduler.hear(index, message);
      supervisor.ready(index, message.client);
      scheduler.workerReady(index, message.client);
    });
  },
  ended: ({ index }, death) => scheduler.left(index, death),
  isIdle: ({ index }) => scheduler.isIdle(index),
  retiring: ({ index }) => scheduler.retiring(index),
});

function join(index: number, name: string, port: MessagePort, hear: (message: ToScheduler) => void): void {
  const tell = (message: SchedulerMessage): void => {
    port.postMessage(message);
    // In a blocking wait it hears no port.
    board.wake(index);
  };
  scheduler.join({ index, name, tell });
  port.on('message', hear);
}

join(OWNER_INDEX, 'owner', start.ownerPort, (message) => scheduler.hear(OWNER_INDEX, message));
supervisor.fill();
// Whoever starts a runtime has its workers: actors made at once are spread over all of them.
void supervisor.firstStarted().then((failure) => {
  const started: SchedulerStarted = { failure: failure === undefined ? undefined : packError(failure) };
  parentPort?.postMessage(started);
});
