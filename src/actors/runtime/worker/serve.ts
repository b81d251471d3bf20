/** What a worker thread does from its start to its end: the one task that its pool gives it. */
import { Store } from '../../client/store.ts';
import type { WorkerStart } from '../link/messages.ts';
import { Runtime } from '../runtime.ts';
import { RuntimeCore } from '../runtime-core.ts';
import { ActorHost } from './actor-host.ts';
import { Executor } from './executor.ts';

/** Serves until the scheduler lets it retire. */
export default function serve(start: WorkerStart): Promise<void> {
  const store = Store.connectSync(start.store);
  const core = new RuntimeCore(start.index, store, start.board, start.mailbox);
  const { participant } = core;
  const executor = new Executor(participant, start.name);
  const actors = new ActorHost(participant, executor);
  const leave = Runtime.adopt(core);
  const heart =
    start.heartbeatMs === undefined
      ? undefined
      : setInterval(() => participant.beat(), start.heartbeatMs / 4);
  return new Promise((resolve) => {
    core.worker = {
      record: (link, type, words, at) => executor.record(link, type, words, at),
      mail: (message) => {
        if (message.type === 'closeLane') executor.closeLane(message.lease, message.caller);
        else if (message.type === 'retire') {
          clearInterval(heart);
          leave();
          core.end();
          void store.close().then(resolve);
        } else return actors.mail(message);
        return true;
      },
      work: () => executor.work(),
      linkLost: (link) => executor.linkLost(link),
      runningLanes: () => executor.runningLanes(),
      pausedLanes: () => executor.pausedLanes(),
      unblocked: () => executor.standBack(),
    };
    // Taken here: when the message is heard, this thread may have died.
    const state = store.connection.control.clientState(store.client);
    participant.tell({ type: 'ready', client: { index: store.client, state } });
    participant.nudge();
  });
}
