/** What the compiler says about actors as comlink's remotes. Never run. */

import type { MessagePort, Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import type { ActorHandle } from '../../../src/actors/runtime/call/call-types.ts';
import {
  endpointOf,
  portEndpoint,
  registerProxyHandler,
  registerTransferHandlers,
  type WithRefs,
} from '../../../src/comlink.ts';
import type { ObjectRef, Store } from '../../../src/index.ts';
import type { Ledger } from './comlink-actors.ts';

export async function actors(handle: ActorHandle<Ledger>, ref: ObjectRef<Float64Array>): Promise<void> {
  const remote: Comlink.Remote<Ledger> = Comlink.wrap<Ledger>(endpointOf(handle));
  const sum: number = await remote.add(1);
  const values: Float64Array = await remote.ones(sum);
  await remote.sum(values);
  // @ts-expect-error a string is no number
  await remote.add('1');
  // @ts-expect-error there is no such method
  await remote.subtract(1);
  // @ts-expect-error the class says an array
  await remote.sum(ref);

  const withRefs = Comlink.wrap<WithRefs<Ledger>>(endpointOf(handle));
  const total: number = await withRefs.sum(ref);
  await withRefs.sum(new Float64Array(total));
  // @ts-expect-error properties are left out
  await withRefs.total;
  // @ts-expect-error not an array, nor a ref to one
  await withRefs.sum('1');

  // @ts-expect-error no handle
  endpointOf({});
  // @ts-expect-error no handle
  endpointOf(ref);
}

export function ports(port: MessagePort, worker: Worker, store: Store): void {
  Comlink.expose({ hello: () => 1 }, portEndpoint(port));
  Comlink.wrap<{ hello(): number }>(portEndpoint(worker));
  const end: () => void = registerTransferHandlers(Comlink, store);
  end();
  registerProxyHandler(Comlink)();
  // @ts-expect-error neither port nor worker
  portEndpoint({ postMessage() {} });
  // @ts-expect-error not comlink
  registerTransferHandlers({}, store);
}
