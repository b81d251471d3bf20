/** The other side of the calls written by hand. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Counter } from './plasmoid-tasks.ts';
import { answerRpc } from './rpc.ts';

if (parentPort !== null) {
  const counter = new Counter();
  const port: MessagePort = workerData;
  answerRpc(port, {
    add: (amount: number) => counter.add(amount),
    ends: (values: Float64Array) => counter.ends(values),
  });
}
