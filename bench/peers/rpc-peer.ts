/** Calls written by hand to a worker of their own. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { RpcCaller } from './rpc.ts';

export interface RpcPeer {
  readonly caller: RpcCaller;
  readonly end: () => Promise<void>;
}

export function openRpc(): RpcPeer {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./rpc-worker.js', import.meta.url), {
    workerData: port2,
    transferList: [port2],
    execArgv: [],
  });
  return {
    caller: new RpcCaller(port1),
    end: async () => {
      port1.close();
      await worker.terminate();
    },
  };
}
