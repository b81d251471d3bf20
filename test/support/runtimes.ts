/** Runtimes for tests, with what only tests may ask of them. */
import { readdirSync } from 'node:fs';
import { startRuntime } from '../../src/actors/runtime/runtime-owner.ts';
import { Runtime, type RuntimeOptions } from '../../src/index.ts';

export interface TestRuntime extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Ends a worker's thread from outside, by its number from 1 on; that it has gone already is no failure. */
  terminate(worker: number): Promise<void>;
}

/** A small runtime whose workers can be ended. */
export async function startTestRuntime(options: RuntimeOptions): Promise<TestRuntime> {
  const { core, end } = await startRuntime({ memory: '64MiB', ...options });
  const runtime = Reflect.construct(Runtime, [core, end]) as Runtime;
  return {
    runtime,
    terminate: async (thread) => {
      await core.ask({ kind: 'terminate', thread });
    },
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

/** Runs a body with a runtime of its own. What is left when the body fails is not waited for. */
export async function withRuntime(
  workers: number,
  body: (runtime: Runtime, terminate: (worker: number) => Promise<void>) => Promise<void>,
  options: RuntimeOptions = {},
): Promise<void> {
  const { runtime, terminate } = await startTestRuntime({ workers, ...options });
  let deadline: number | undefined = 0;
  try {
    await body(runtime, terminate);
    deadline = undefined;
  } finally {
    await runtime.close({ deadline });
  }
}

/** Threads of this process, those of the engine included; undefined where the system does not tell. */
export function threadCount(): number | undefined {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').length : undefined;
}
