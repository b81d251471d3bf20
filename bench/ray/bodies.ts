/**
 * Plasmoid's side of each row: what somebody would write who ports the body of Ray's over the public calls. `ray.get`
 * blocks, so `getSync` does; who runs in a worker awaits.
 */

import type { ActorHandle, ResultRef, Runtime } from '../../src/index.ts';
import type { Work } from './paced.ts';
import { Actor, ArgumentClient, AsyncActor, Client, type SmallValues, tasks, WORDS_MEDIUM } from './work.ts';

const BATCH = 1_000;
const CALLERS = 4;
const WORDS_LARGE = 100 * 1024 * 1024;
/** Of asynchronous actors, as in Ray unless they say another number. */
const CONCURRENCY = 1_000;
/** Ray counts 1,000 MiB as a gigabyte. */
export const GIGABYTES_LARGE = 8 * 0.1;
export const GIGABYTES_MEDIUM = 8 * 0.01;

/** What the counts of a row follow from. */
export interface Counts {
  /** Actors that are called, or that call, in the rows with an n. */
  readonly servers: number;
  readonly calls: number;
  /** Arrays that each of several clients puts. */
  readonly puts: number;
}

export type Body = (runtime: Runtime, counts: Counts) => Work | Promise<Work>;

/** `ray.get` of a list. */
function getAll(refs: readonly ResultRef[]): void {
  for (const ref of refs) ref.getSync();
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** One array for the row and its bound. As in Ray, nobody has written into it. */
let large: BigInt64Array | undefined;
export const largeArray = (): BigInt64Array => (large ??= new BigInt64Array(WORDS_LARGE));
export const mediumArray = (): BigInt64Array => new BigInt64Array(WORDS_MEDIUM);

export const getCalls: Body = ({ store }) => {
  const value = store.putSync(0);
  return { once: () => store.getSync(value), multiplier: 1 };
};

export const putCalls: Body = ({ store }) => ({ once: () => store.putSync(0).release(), multiplier: 1 });

export const multiPutCalls: Body = (runtime) => ({
  once: () => getAll(times(10, () => runtime.submit(tasks.putSmall, []))),
  multiplier: 1_000,
});

export const putGigabytes: Body = ({ store }) => {
  const array = largeArray();
  return { once: () => store.putSync(array).release(), multiplier: GIGABYTES_LARGE };
};

export const multiPutGigabytes: Body = (runtime, { puts }) => ({
  once: () => getAll(times(10, () => runtime.submit(tasks.putMedium, [puts]))),
  multiplier: 10 * puts * GIGABYTES_MEDIUM,
});

/** The same zeros, made where they shall be: Ray's Python has no call for this. */
export const multiWriteGigabytes: Body = (runtime, { puts }) => ({
  once: () => getAll(times(10, () => runtime.submit(tasks.writeMedium, [puts]))),
  multiplier: 10 * puts * GIGABYTES_MEDIUM,
});

const batchOfTasks = (runtime: Runtime): ResultRef<Uint8Array>[] =>
  times(BATCH, () => runtime.submit(tasks.smallValue, []));

export const tasksAndGetBatch: Body = (runtime) => ({
  once: () => getAll(batchOfTasks(runtime)),
  multiplier: 1,
});

/**
 * A stored object of Plasmoid's holds tokens, and refs are made of them: each get makes 10,000 refs, as Ray's does. (A
 * task's result may hold refs, but the caller gets them once: to get it again costs nothing.)
 */
export const getObjectWithRefs: Body = (runtime) => {
  const { store } = runtime;
  const refs = runtime.submit(tasks.makeRefs, []).getSync();
  const holder = store.putSync(refs.map((ref) => ref.token));
  return {
    once: () => {
      const got = store.getSync(holder).map((token) => store.ref(token));
      for (const ref of got) ref.release();
      // Tokens keep nothing: the objects live for as long as these refs do.
      return refs;
    },
    multiplier: 1,
  };
};

/** As many waits as in Ray, each for one; Plasmoid's would tell all that are ready. */
export const waitRefs: Body = (runtime) => ({
  once: async () => {
    let refs = batchOfTasks(runtime);
    for (let waits = 0; waits < BATCH; waits++) {
      const { ready, pending } = await runtime.wait(refs);
      refs = [...ready.slice(1), ...pending];
    }
  },
  multiplier: 1,
});

export const tasksSync: Body = (runtime) => ({
  once: () => runtime.submit(tasks.smallValue, []).getSync(),
  multiplier: 1,
});

export const tasksAsync: Body = (runtime) => ({
  once: () => getAll(batchOfTasks(runtime)),
  multiplier: BATCH,
});

export const multiTasksAsync: Body = async (runtime, { calls }) => {
  const actors = await Promise.all(times(CALLERS, () => runtime.spawn(Actor, [])));
  return {
    once: () => getAll(actors.map((actor) => actor.smallValueBatch(calls))),
    multiplier: calls * CALLERS,
  };
};

/** Either kind of actor. */
type Spawn = (runtime: Runtime) => Promise<ActorHandle<SmallValues>>;

export const plain: Spawn = (runtime) => runtime.spawn(Actor, []);
export const concurrent: Spawn = (runtime) => runtime.spawn(Actor, [], { maxConcurrency: 16 });
export const asynchronous: Spawn = (runtime) =>
  runtime.spawn(AsyncActor, [], { maxConcurrency: CONCURRENCY });

export const callsSync =
  (spawn: Spawn): Body =>
  async (runtime) => {
    const actor = await spawn(runtime);
    return { once: () => actor.smallValue().getSync(), multiplier: 1 };
  };

export const callsAsync =
  (spawn: Spawn): Body =>
  async (runtime) => {
    const actor = await spawn(runtime);
    return { once: () => getAll(times(BATCH, () => actor.smallValue())), multiplier: BATCH };
  };

export const callsWithArgs: Body = async (runtime) => {
  const actor = await runtime.spawn(AsyncActor, [], { maxConcurrency: CONCURRENCY });
  return { once: () => getAll(times(BATCH, (index) => actor.smallValueWithArg(index))), multiplier: BATCH };
};

export const oneToMany =
  (spawn: Spawn): Body =>
  async (runtime, { servers, calls }) => {
    const actors = await Promise.all(times(servers, () => spawn(runtime)));
    const client = await runtime.spawn(Client, [actors]);
    return { once: () => client.smallValueBatch(calls).getSync(), multiplier: calls * servers };
  };

export const manyToMany =
  (spawn: Spawn): Body =>
  async (runtime, { servers, calls }) => {
    const actors = await Promise.all(times(servers, () => spawn(runtime)));
    return {
      once: () => getAll(times(CALLERS, () => runtime.submit(tasks.callActors, [actors, calls]))),
      multiplier: calls * CALLERS,
    };
  };

export const manyToManyWithArg: Body = async (runtime, { servers }) => {
  const actors = await Promise.all(times(servers, () => runtime.spawn(Actor, [])));
  const clients = await Promise.all(actors.map((actor) => runtime.spawn(ArgumentClient, [actor])));
  return {
    once: () => getAll(clients.map((client) => client.smallValueBatchArg(BATCH))),
    multiplier: BATCH * servers,
  };
};

export const placementGroups: Body = (runtime) => ({
  once: async () => {
    const groups = await Promise.all(times(100, () => runtime.placementGroup([{ custom: 0.001 }])));
    for (const group of groups) await group.remove();
  },
  multiplier: 100,
});
