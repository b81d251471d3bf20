/** Plasmoid beside its peers, with the settings that it has by itself; only its memory is named. */
import { Runtime } from '../../src/index.ts';
import type { OpenPeer, Peer } from './calls.ts';
import { Counter } from './plasmoid-tasks.ts';

const MEMORY = '512MiB';

export async function openRuntime(workers: number): Promise<Runtime> {
  return Runtime.start({ workers, memory: MEMORY });
}

/** Calls that `prepare` makes ready on a runtime of its own. */
export const plasmoid =
  (
    workers: number,
    prepare: (runtime: Runtime) => (() => PromiseLike<unknown>) | Promise<() => PromiseLike<unknown>>,
  ): OpenPeer =>
  async (): Promise<Peer> => {
    const runtime = await openRuntime(workers);
    return { call: await prepare(runtime), end: () => runtime.close() };
  };

/** A call of an actor. */
export const plasmoidActor: OpenPeer = plasmoid(1, async (runtime) => {
  const counter = await runtime.spawn(Counter, []);
  return () => counter.add(1);
});
