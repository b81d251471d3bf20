/** Actors as comlink's remotes: calls, errors, ends, and what actors have no counterpart for. */
import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import * as Comlink from 'comlink';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ActorHandle } from '../../../src/actors/runtime/call/call-types.ts';
import { Runtime } from '../../../src/actors/runtime/runtime.ts';
import { endpointOf, portEndpoint, registerTransferHandlers, type WithRefs } from '../../../src/comlink.ts';
import {
  ActorDiedError,
  InvalidArgumentError,
  NotSupportedError,
  RuntimeClosedError,
  TaskModuleError,
  WorkerDiedError,
} from '../../../src/index.ts';
import { collect } from '../../support/collection.ts';
import { failure } from '../../support/rejection.ts';
import { until } from '../../support/until.ts';
import { Ledger } from './comlink-actors.ts';

interface Parts {
  readonly runtime: Runtime;
  readonly handle: ActorHandle<Ledger>;
  readonly remote: Comlink.Remote<Ledger>;
}

async function withLedger(run: (parts: Parts) => Promise<void>): Promise<void> {
  const runtime = await Runtime.start({ workers: 1, memory: 2 ** 24, spillLimit: 0 });
  const handle = await runtime.spawn(Ledger, []);
  await run({ runtime, handle, remote: Comlink.wrap<Ledger>(endpointOf(handle)) });
  await until('nothing is left in the store', async () => {
    collect();
    await handle.collect().catch(() => {});
    return runtime.store.list().length === 0;
  });
  await runtime.close();
}

async function rejection<E extends Error>(call: Promise<unknown>, errorClass: new () => E): Promise<E> {
  const caught: unknown = await call.catch((error: unknown) => error);
  if (!(caught instanceof errorClass)) throw new Error(`not as expected: ${String(caught)}`);
  return caught;
}

/** Open ports of this thread that keep it alive. */
function ports(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

test('methods are called, in the order of the calls', () =>
  withLedger(async ({ remote, handle }) => {
    assert.is(await remote.add(2), 2);
    const all = await Promise.all([
      remote.add(1),
      handle.add(10),
      remote.add(100),
      remote.add.bind({})(1000),
    ]);
    assert.equal(all, [3, 13, 113, 1113]);
    assert.is(await remote.later(1), 'late');
  }));

test('a remote may be awaited, as may its methods be kept', () =>
  withLedger(async ({ remote }) => {
    const { add } = await remote;
    assert.is(await add(4), 4);
  }));

test('big results are views in place, big arguments need no port', () =>
  withLedger(async ({ remote, runtime }) => {
    const before = ports();
    const ones = await remote.ones(100_000);
    assert.is(ones.length, 100_000);
    assert.is(await remote.sum(ones), 100_000);
    assert.is(ports(), before);
    runtime.store.release(ones);
    assert.is(ones.length, 0);
  }));

test('refs are resolved as in calls of the handle, with and without transfer handlers', () =>
  withLedger(async ({ handle, runtime }) => {
    const remote = Comlink.wrap<WithRefs<Ledger>>(endpointOf(handle));
    using ref = await runtime.store.put(new Float64Array(1000).fill(2));
    using result = handle.ones(10_000);
    const check = async (): Promise<void> => {
      assert.is(await remote.sum(ref), 2000);
      assert.is(await remote.sum(result), 10_000);
      assert.is(await remote.sum(handle.ones(3)), 3);
      assert.is(await remote.nested({ ref }), 1000);
    };
    await check();
    const end = registerTransferHandlers(Comlink, runtime.store);
    await check();
    end();
    assert.is(ref.released, false);
  }));

test('errors keep their class, cause and stack', () =>
  withLedger(async ({ remote }) => {
    const error = await rejection(remote.fail(), RangeError);
    assert.is(error.message, 'out of it');
    assert.match(error.stack ?? '', /comlink-actors/);
    assert.instance(error.cause, TypeError);
    await failure(
      () => Reflect.apply(Reflect.get(remote, 'missing'), remote, []),
      TaskModuleError,
      'NotFound',
    );
  }));

test('calls of an actor that was killed reject, the one that runs included', () =>
  withLedger(async ({ remote, runtime, handle }) => {
    const runs = failure(() => remote.later(1000), ActorDiedError, 'Disconnected', 500);
    const waits = failure(() => remote.add(1), ActorDiedError, 'Disconnected', 500);
    await delay(20);
    await runtime.kill(handle);
    await Promise.all([runs, waits]);
    const { message } = await failure(() => remote.add(1), ActorDiedError, 'Disconnected');
    assert.match(message, /the actor is dead: it was killed/);
  }));

test('calls reject when the worker dies: the one that runs, and later ones', () =>
  withLedger(async ({ remote, runtime }) => {
    await failure(() => remote.exit(), WorkerDiedError, 'Disconnected');
    await failure(() => remote.add(1), ActorDiedError, 'Disconnected');
    const other = Comlink.wrap<Ledger>(endpointOf(await runtime.spawn(Ledger, [])));
    assert.is(await other.add(1), 1);
  }));

test('calls reject when the runtime is closed', async () => {
  const runtime = await Runtime.start({ workers: 1, memory: 2 ** 22, spillLimit: 0 });
  const remote = Comlink.wrap<Ledger>(endpointOf(await runtime.spawn(Ledger, [])));
  const late = failure(() => remote.later(60_000), RuntimeClosedError, 'Disconnected');
  await delay(10);
  await runtime.close({ deadline: 0 });
  await late;
  await failure(() => remote.add(1), RuntimeClosedError, 'Disconnected');
});

test('what actors have no counterpart for is said', () =>
  withLedger(async ({ remote }) => {
    const unsupported = async (call: () => unknown, reason: RegExp): Promise<void> => {
      const { message } = await failure(call, NotSupportedError, 'NotImplemented');
      assert.match(message, reason);
    };
    await unsupported(() => remote.total, /^total: .*returns the property/);
    const add: unknown = remote.add;
    await unsupported(() => Reflect.construct(add as typeof Ledger, []), /Runtime\.spawn makes actors/);
    await unsupported(() => remote[Comlink.createEndpoint](), /portEndpoint\(port\)/);
    await unsupported(() => (remote as unknown as () => Promise<void>)(), /an actor is no function/);
    await unsupported(() => Reflect.get(remote.add, 'deep')(), /add\.deep is no method/);
    await failure(() => endpointOf(remote as never), InvalidArgumentError, 'InvalidArgument');
    await failure(() => endpointOf(undefined as never), InvalidArgumentError, 'InvalidArgument');
  }));

test('setting a property rejects as well', async () => {
  await withLedger(async ({ handle }) => {
    const answer = new Promise<unknown>((resolve) => {
      const endpoint = endpointOf(handle);
      endpoint.addEventListener('message', ({ data }: { data: unknown }) => resolve(data));
      endpoint.postMessage({ id: '1', type: 'SET', path: ['total'], value: { type: 'RAW', value: 1 } });
    });
    const { name, value } = (await answer) as { name: string; value: { value: unknown } };
    assert.is(name, 'throw');
    assert.instance(value.value, NotSupportedError);
  });
});

test('a callback is refused, and its port is closed', () =>
  withLedger(async ({ remote }) => {
    const before = ports();
    const callback = Comlink.proxy(() => {});
    const { message } = await failure(() => remote.call(callback), NotSupportedError, 'NotImplemented');
    assert.match(message, /^call: a Comlink\.proxy cannot be an argument/);
    await until('the port is closed', () => ports() === before);
  }));

test('whoever releases one proxy ends neither the actor nor other proxies', () =>
  withLedger(async ({ remote, handle }) => {
    const other = Comlink.wrap<Ledger>(endpointOf(handle));
    const { add } = remote;
    add[Comlink.releaseProxy]();
    assert.is(await remote.add(1), 1);
    remote[Comlink.releaseProxy]();
    assert.throws(() => remote.add(1), /released/);
    assert.is(await other.add(1), 2);
    assert.is(await handle.add(1), 3);
  }));

test('a call whose proxy is collected is answered', () =>
  withLedger(async ({ handle }) => {
    const pending = Array.from({ length: 20 }, () => Comlink.wrap<Ledger>(endpointOf(handle)).later(5));
    for (let round = 0; round < 10; round++) {
      collect();
      await delay(2);
    }
    assert.equal(new Set(await Promise.all(pending)), new Set(['late']));
  }));

test('a handle is exposed on a port, for code that has ports', () =>
  withLedger(async ({ handle, runtime }) => {
    const { port1, port2 } = new MessageChannel();
    Comlink.expose(handle, portEndpoint(port1));
    const remote = Comlink.wrap<Ledger>(portEndpoint(port2));
    assert.is(await remote.add(5), 5);
    assert.equal(await remote.ones(3), new Float64Array(3).fill(1));
    const error: unknown = await remote.fail().catch((caught: unknown) => caught);
    assert.is(error instanceof Error && error.name, 'RangeError');
    await runtime.kill(handle);
    const death: unknown = await remote.add(1).catch((caught: unknown) => caught);
    assert.is(death instanceof Error && death.name, 'ActorDiedError');
    remote[Comlink.releaseProxy]();
    await until('both ports are closed', () => ports() === 0);
  }));

test.run();
