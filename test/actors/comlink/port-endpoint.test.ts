/** Ports and workers as comlink's endpoints: what comlink leaves hanging comes to an end. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { portEndpoint, registerProxyHandler } from '../../../src/comlink.ts';
import { EndpointClosedError, InvalidArgumentError, Store } from '../../../src/index.ts';
import { collect } from '../../support/collection.ts';
import { failure } from '../../support/rejection.ts';
import { until } from '../../support/until.ts';
import type { api, ComlinkWorkerData, Opened } from './comlink-worker.ts';

interface Parts {
  readonly worker: Worker;
  readonly remote: Comlink.Remote<typeof api>;
  /** A port to an object of the worker. */
  open(): Promise<Comlink.Remote<Opened>>;
}

async function withWorker(plain: boolean, run: (parts: Parts) => Promise<void>): Promise<void> {
  const store = await Store.create({ memory: 2 ** 22, spillLimit: 0 });
  const workerData: ComlinkWorkerData = { store: store.handle, plain };
  const worker = new Worker(new URL('./comlink-worker.js', import.meta.url), { workerData, execArgv: [] });
  const remote = Comlink.wrap<typeof api>(portEndpoint(worker));
  const open = async (): Promise<Comlink.Remote<Opened>> => {
    const { port1, port2 } = new MessageChannel();
    await remote.open(Comlink.transfer(port2, [port2 as never]));
    return Comlink.wrap<Opened>(portEndpoint(port1));
  };
  await run({ worker, remote, open });
  await worker.terminate();
  await until('no port is left', () => ports() === 0);
  await store.close();
}

function ports(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

const closed = (call: () => unknown): Promise<EndpointClosedError> =>
  failure(call, EndpointClosedError, 'Disconnected');

for (const plain of [false, true]) {
  const peer = plain ? "the other side has comlink's own endpoint" : 'both sides have this one';

  test(`calls are answered: ${peer}`, () =>
    withWorker(plain, async ({ remote, open }) => {
      assert.is(await remote.add(1, 2), 3);
      const opened = await open();
      assert.is(await opened.hello(), 'hello');
      opened[Comlink.releaseProxy]();
    }));

  test(`calls reject when the worker exits, and afterwards: ${peer}`, () =>
    withWorker(plain, async ({ remote, worker }) => {
      const exited = once(worker, 'exit');
      const never = closed(() => remote.later(60_000));
      await closed(() => remote.exit());
      await never;
      await exited;
      await closed(() => remote.add(1, 2));
      await closed(() => Comlink.wrap<typeof api>(portEndpoint(worker)).add(1, 2));
      remote[Comlink.releaseProxy]();
    }));

  test(`calls reject when the worker is terminated in a call: ${peer}`, () =>
    withWorker(plain, async ({ remote, worker, open }) => {
      const opened = await open();
      const never = closed(() => opened.never());
      const blocked = closed(() => remote.block());
      await delay(20);
      await worker.terminate();
      await Promise.all([never, blocked]);
      await closed(() => opened.hello());
    }));
}

test('the error of a worker is the cause, and stays an error for those who listen', () =>
  withWorker(false, async ({ remote, worker }) => {
    const errors: unknown[] = [];
    worker.on('error', (error) => errors.push(error));
    await remote.crash();
    const { cause } = await closed(() => remote.later(60_000));
    assert.instance(cause, RangeError);
    assert.equal(errors, [cause]);
  }));

test('a release closes the port on both sides and runs the finalizer, once', () =>
  withWorker(false, async ({ remote, open }) => {
    const opened = await open();
    const before = ports();
    opened[Comlink.releaseProxy]();
    await until('the port is closed', () => ports() === before - 1);
    assert.is(await remote.finalized(), 1);
    await delay(20);
    assert.is(await remote.finalized(), 1);
  }));

test('the finalizer runs when the port is closed without a release', () =>
  withWorker(false, async ({ remote }) => {
    const { port1, port2 } = new MessageChannel();
    await remote.open(Comlink.transfer(port2, [port2 as never]));
    port1.close();
    await until('the finalizer ran', async () => (await remote.finalized()) === 1);
  }));

test('a release that the collector asks for waits for the calls under way', () =>
  withWorker(false, async ({ open }) => {
    const late = (await open()).later(100);
    for (let round = 0; round < 20; round++) {
      collect();
      await delay(2);
    }
    assert.is(await late, 'late');
    await until('the released port is closed', () => {
      collect();
      return ports() === 1;
    });
  }));

test('releasing a part of a remote makes other calls reject, instead of hanging', () =>
  withWorker(false, async ({ open }) => {
    const opened = await open();
    const { hello } = opened;
    hello[Comlink.releaseProxy]();
    await closed(async () => {
      for (;;) {
        await opened.hello();
        await delay(1);
      }
    });
  }));

test('callbacks work, and leave no port behind', () =>
  withWorker(false, async ({ remote }) => {
    const before = ports();
    const end = registerProxyHandler(Comlink);
    assert.is(await remote.call(Comlink.proxy(async (value: number) => value + 1)), 21);
    // Of a call that fails before it is sent.
    const notCloned = remote.add(Comlink.proxy(() => {}) as never, (() => {}) as never);
    const refused: unknown = await Promise.resolve(notCloned).catch((caught: unknown) => caught);
    assert.is(refused instanceof Error && refused.name, 'DataCloneError');
    await until('one port is left: that of the callback which the worker has', () => ports() <= before + 1);
    end();
  }));

test('calls of a callback reject when its thread has ended', () =>
  withWorker(false, async ({ remote, worker }) => {
    const end = registerProxyHandler(Comlink);
    await remote.add(0, 0);
    // The worker's death closes the callback's port here, and withWorker sees that none is left.
    const call = closed(() => remote.call(Comlink.proxy(() => new Promise<number>(() => {}))));
    await delay(20);
    await worker.terminate();
    await call;
    end();
  }));

test('what is neither port nor worker is refused', async () => {
  for (const wrong of [undefined, null, {}, 1])
    await failure(() => portEndpoint(wrong as never), InvalidArgumentError, 'InvalidArgument');
});

test.run();
