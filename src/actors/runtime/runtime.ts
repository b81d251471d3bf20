/** The runtime: tasks and actors of a program's own modules, on worker threads over one store. */
import { ActorNotFoundError, NotSupportedError } from '../../state/errors.ts';
import { invalidArgument, optional, readOptions } from '../../state/options.ts';
import type { WaitResult } from '../client/object-reader.ts';
import type { Store } from '../client/store.ts';
import { readWaitForOptions, type WaitForOptions } from '../client/store-options.ts';
import { handleFor, methodOfHandle, routeOfHandle } from './actor/actor-handle.ts';
import {
  type CallLimits,
  type CallOptions,
  duration,
  type Resources,
  readCallOptions,
  readDemands,
  readMethodOptions,
} from './call/call-options.ts';
import type {
  ActorHandle,
  ActorStream,
  Argument,
  Arguments,
  GeneratorFunction,
  ItemOf,
  ResultOf,
} from './call/call-types.ts';
import { type MapOptions, mapInOrder, readMapOptions } from './call/map.ts';
import { ResultRef } from './call/result-ref.ts';
import { ResultStream } from './call/result-stream.ts';
import { waitForResults } from './call/wait.ts';
import type { ActorNews, RuntimeStatistics } from './link/messages.ts';
import { PlacementGroup, type PlacementGroupOptions } from './placement-group.ts';
import type { RuntimeCore } from './runtime-core.ts';
import { type RuntimeOptions, readSpawnOptions, type SpawnOptions } from './runtime-options.ts';
import { startRuntime } from './runtime-owner.ts';
import { actorDefinition, type Task, taskDefinition } from './task-registry.ts';

type AnyFunction = (...values: never[]) => unknown;
type AnyClass = new (...values: never[]) => object;

/** How `close` ends. */
export interface CloseOptions {
  /** Longest time in milliseconds for calls under way to end; what is left then fails. Default: as long as it takes. */
  readonly deadline?: number | undefined;
}

let current: Runtime | undefined;
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * Worker threads that run a program's tasks and actors, with a store that all of them share. After Ray's core: tasks,
 * actors, object refs, resources.
 *
 * Made by {@link Runtime.start} in one thread; code that runs in a worker has the same one by {@link Runtime.current}. An
 * instance belongs to its thread.
 */
export class Runtime implements AsyncDisposable {
  /** The store that arguments and results go through. */
  readonly store: Store;
  readonly #core: RuntimeCore;
  readonly #end: ((deadlineMs: number) => Promise<void>) | undefined;
  #closing: Promise<void> | undefined;

  private constructor(core: RuntimeCore, end?: (deadlineMs: number) => Promise<void>) {
    this.store = core.store;
    this.#core = core;
    this.#end = end;
  }

  /**
   * Starts a store, a scheduler and the workers. The calling thread owns it: when it closes the runtime or ends, all ends.
   *
   * Resolves when the least number of workers serve. Throws `InvalidArgumentError` for an option, `SystemError` when workers
   * cannot start (too small `resourceLimits`), and as `Store.create`. In a worker that is importing a module of tasks
   * `NotSupportedError`: a main module that also defines tasks must not start its runtime in workers.
   */
  static async start(options?: RuntimeOptions): Promise<Runtime> {
    if (current !== undefined && current.#end === undefined) {
      throw new NotSupportedError(
        'Runtime.start: this is a worker of a runtime, which Runtime.current() gives; a module of tasks, which workers import, ' +
          'must not start one, or only if isMainThread',
      );
    }
    const { core, end } = await startRuntime(options);
    return new Runtime(core, end);
  }

  /** The runtime that this code runs in: in a worker. Throws `NotSupportedError` elsewhere. */
  static current(): Runtime {
    if (current !== undefined) return current;
    throw new NotSupportedError('Runtime.current: this thread is no worker of a runtime');
  }

  /** @internal A worker has its part. The function returned ends that. */
  static adopt(core: RuntimeCore): () => void {
    current = new Runtime(core);
    return () => {
      current = undefined;
    };
  }

  /**
   * Calls a task on a worker. The result's ref is there at once; await it for the value.
   *
   * Arguments are values, which arrive as copies, or refs, which the call waits for and which arrive as what they name:
   * typed arrays and buffers in place. Values are taken as they are now.
   *
   * Throws `InvalidArgumentError` for an option or for what is no task, `UnstorableValueError` for an argument that cannot be
   * sent, `RuntimeClosedError`. The result rejects with what the task threw, or with `WorkerDiedError`,
   * `WorkerOutOfMemoryError`, `WorkerUnresponsiveError`, `TaskModuleError`, `InfeasibleRequestError`, `InterruptedError`,
   * `TimedOutError`, `RuntimeClosedError`.
   */
  submit<Function extends AnyFunction>(
    task: Task<Function>,
    args: Arguments<Parameters<Function>>,
    options?: CallOptions,
  ): ResultRef<ResultOf<Function>> {
    const ref = new ResultRef<ResultOf<Function>>(this.#core, task?.name);
    this.#core.submitter.submit(task, args, readCallOptions(options, 'Runtime.submit'), ref);
    return ref;
  }

  /**
   * Calls a generator on a worker, or one of an actor, and gives its items one by one, as an async iterable. The generator
   * runs ahead of the reader by a few items and MiB, then waits. Ending the iteration ends the generator. Throws and rejects
   * as {@link Runtime.submit}; a stream is not tried again once it has given items, and one of an actor never.
   */
  stream<Function extends GeneratorFunction>(
    task: Task<Function>,
    args: Arguments<Parameters<Function>>,
    options?: CallOptions,
  ): ResultStream<ItemOf<Function>>;
  stream<Function extends GeneratorFunction>(
    method: ActorStream<Function>,
    args: Arguments<Parameters<Function>>,
    options?: CallLimits,
  ): ResultStream<ItemOf<Function>>;
  stream(target: object, args: readonly unknown[], options?: CallOptions): ResultStream {
    const core = this.#core;
    const method = typeof target === 'function' ? methodOfHandle(target) : undefined;
    if (method === undefined) {
      const plan = readCallOptions(options, 'Runtime.stream');
      return ResultStream.open(core, (stream, ahead) =>
        core.submitter.submit(target, args, plan, stream, ahead),
      );
    }
    const { route, definition } = method;
    if (!route.belongsTo(core))
      throw invalidArgument('method', target, 'one of an actor of this runtime', 'Runtime.stream');
    if (!Array.isArray(args)) throw invalidArgument('args', args, 'an array of arguments', 'Runtime.stream');
    const plan = readMethodOptions(options, 'Runtime.stream');
    return ResultStream.open(core, (stream, ahead) =>
      core.submitter.make(definition, args, plan, route, stream, ahead),
    );
  }

  /**
   * Calls a task once for each of some values, a limited number at a time, and gives the results in the values' order.
   * Values may come from an async iterable, and are asked for as they are needed. Ending the iteration cancels what is under
   * way. Rejects with the first failure, as {@link Runtime.submit}.
   */
  map<Value, Result>(
    task: Task<(value: Value) => Result>,
    values: Iterable<Argument<NoInfer<Value>>> | AsyncIterable<Argument<NoInfer<Value>>>,
    options?: MapOptions,
  ): AsyncGenerator<Awaited<Result>, void, void> {
    const { concurrency, plan } = readMapOptions(options);
    const call = (value: unknown, ref: ResultRef) => this.#core.submitter.submit(task, [value], plan, ref);
    return mapInOrder(this.#core, taskDefinition(task).name, call, values, concurrency) as AsyncGenerator<
      Awaited<Result>,
      void,
      void
    >;
  }

  /**
   * Waits until `count` of the results (default 1) are there, or until the timeout, and says which are; failed ones count
   * as ready. After Ray's `wait`. Throws `InvalidArgumentError`, `InterruptedError`.
   */
  async wait<Ref extends ResultRef>(
    refs: readonly Ref[],
    options?: WaitForOptions,
  ): Promise<WaitResult<Ref>> {
    const limits = readWaitForOptions(options, refs, 'Runtime.wait');
    return waitForResults(this.#core, refs, limits);
  }

  /**
   * Makes an actor: an instance of a class that its module has defined with `defineActors`, which lives in one worker. The
   * handle has the class's methods, whose calls run in the order in which this thread makes them.
   *
   * Throws `InvalidArgumentError` for an option, or a class that is not defined, `ActorNameTakenError`,
   * `InfeasibleRequestError`, `TaskModuleError`, `ActorDiedError` with what the constructor threw as `cause`.
   */
  async spawn<Class extends AnyClass>(
    actorClass: Class,
    args: Arguments<ConstructorParameters<Class>>,
    options?: SpawnOptions,
  ): Promise<ActorHandle<InstanceType<Class>>> {
    const { name, maxConcurrency, maxRestarts, restartDelay, ...placement } = readSpawnOptions(options);
    const demands = readDemands(placement, 'Runtime.spawn');
    const definition = actorDefinition(actorClass);
    if (!Array.isArray(args)) throw invalidArgument('args', args, 'an array of arguments', 'Runtime.spawn');
    if (this.#core.refusal !== undefined) throw this.#core.refusal;
    const payload = await this.#core.submitter.encodeWhenReady(args);
    const plan = {
      module: definition.module,
      name: definition.name,
      payload: payload.toWords(),
      demands,
      actorName: name,
      maxConcurrency,
      maxRestarts,
      restartDelayMs: restartDelay,
    };
    try {
      const news = (await this.#core.ask({ kind: 'spawn', plan })) as ActorNews;
      return this.#handle<InstanceType<Class>>(news);
    } finally {
      payload.release();
    }
  }

  /** The living actor of a name. Throws `ActorNotFoundError`. The type is the caller's word. */
  async actor<Instance extends object>(name: string): Promise<ActorHandle<Instance>> {
    if (typeof name !== 'string') throw invalidArgument('name', name, 'a string', 'Runtime.actor');
    const news = (await this.#core.ask({ kind: 'findActor', name })) as ActorNews | undefined;
    if (news === undefined) throw new ActorNotFoundError(`no living actor is called ${name}`, { name });
    return this.#handle<Instance>(news);
  }

  /**
   * Reserves bundles of resources, all of them or none, for calls and actors that name the group. Resolves when they are
   * reserved. Throws `InvalidArgumentError`, `InfeasibleRequestError`, `TimedOutError`.
   */
  placementGroup(bundles: readonly Resources[], options?: PlacementGroupOptions): Promise<PlacementGroup> {
    return PlacementGroup.reserve(this.#core, bundles, options);
  }

  /**
   * Ends an actor when it has done what it was asked for so far, by this thread at least; calls that this thread makes from
   * now on reject. Then `Symbol.dispose` of its class is called.
   */
  async stop(actor: ActorHandle<object>): Promise<void> {
    await this.#endActor(actor, true, 'Runtime.stop');
  }

  /** Ends an actor at once: its calls, the one that runs included, reject with an `ActorDiedError`. */
  async kill(actor: ActorHandle<object>): Promise<void> {
    await this.#endActor(actor, false, 'Runtime.kill');
  }

  /** Numbers of workers, calls, actors, and what the workers have and have left. */
  async stats(): Promise<RuntimeStatistics> {
    const { queued, underWay } = this.#core.submitter;
    const scheduled = (await this.#core.ask({ kind: 'stats' })) as Omit<RuntimeStatistics, 'calls'>;
    return { ...scheduled, calls: { queued, underWay } };
  }

  /**
   * Ends the runtime and its store: takes no more calls, waits for those under way, at most until the deadline, ends the
   * workers. Calls that are left fail with a `RuntimeClosedError`. Doing it again waits for the same end. In a worker
   * `NotSupportedError`.
   */
  async close(options?: CloseOptions): Promise<void> {
    const { deadline = Number.POSITIVE_INFINITY } = readOptions(
      { deadline: optional(duration) },
      options,
      'Runtime.close',
    );
    this.#closing ??= this.#close(deadline);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(deadlineMs: number): Promise<void> {
    if (this.#end === undefined)
      throw new NotSupportedError('Runtime.close: only the thread that started it can close a runtime');
    const untilMs = performance.now() + deadlineMs;
    this.#core.refuse();
    await withinMs(this.#core.whenIdle(), deadlineMs);
    await this.#end(untilMs);
  }

  #handle<Instance extends object>(news: ActorNews): ActorHandle<Instance> {
    return handleFor(
      this.#core.actors.route(news.actor, news),
      this.#core,
    ) as unknown as ActorHandle<Instance>;
  }

  async #endActor(actor: object, drain: boolean, context: string): Promise<void> {
    const route = typeof actor === 'object' && actor !== null ? routeOfHandle(actor) : undefined;
    if (route === undefined || !route.belongsTo(this.#core))
      throw invalidArgument('actor', actor, 'a handle to an actor of this runtime', context);
    if (drain) await route.drain();
    await this.#core.ask({ kind: 'endActor', actor: route.actor, drain });
  }
}

/** Waits for a promise, or until the time is over. */
async function withinMs(promise: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    if (limitMs <= TIMER_MAX_MS) timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
