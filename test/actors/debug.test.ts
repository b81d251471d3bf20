/** Debug mode: bytes that were changed after sealing are found, makers and leaks are named, released views are kept. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Channel,
  InvariantError,
  ObjectDamagedError,
  type ObjectRef,
  onStoreEvent,
  type SealedView,
  Store,
  type StoreEventName,
  type StoreMessage,
} from '../../src/index.ts';
import { collect, collectUntil } from '../support/collection.ts';
import { failure } from '../support/rejection.ts';
import { until } from '../support/until.ts';

const MEMORY = 2 ** 22;

/** A store in debug mode, with what it warned of while `run` went on and when it was closed. */
async function debugged(run: (store: Store) => Promise<void>): Promise<Error[]> {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const store = await Store.create({ memory: MEMORY, spillLimit: 0, debug: true });
  try {
    await run(store);
  } finally {
    await store.close();
    // Warnings are told in a turn of their own.
    await delay(0);
    process.off('warning', onWarning);
  }
  return warnings;
}

/** Messages of a kind while `run` goes on. */
async function hear<Name extends StoreEventName>(
  name: Name,
  run: () => Promise<unknown>,
): Promise<StoreMessage<Name>[]> {
  const heard: StoreMessage<Name>[] = [];
  const end = onStoreEvent(name, (message) => heard.push(message));
  try {
    await run();
  } finally {
    end();
  }
  return heard;
}

/** Writes past the readonly type, as JavaScript can. */
function scribble(view: SealedView<Uint8Array>, at = 0): void {
  const writable = new Uint8Array(view.buffer as ArrayBuffer);
  writable[at] = (writable[at] ?? 0) ^ 1;
}

test('whoever releases a view that was written into is told, with the line that made the object', async () => {
  let error: ObjectDamagedError | undefined;
  let hex = '';
  const heard = await hear('damage', async () => {
    const warnings = await debugged(async (store) => {
      const ref = await store.put(new Uint8Array(1000));
      hex = ref.id.hex;
      const view = await ref.get();
      scribble(view, 999);
      error = await failure(() => store.release(view), ObjectDamagedError, 'Invalid');
      assert.is(view.length, 0, 'released all the same');
      // From now on nobody gets it, but it is there to be looked at.
      await failure(() => ref.get(), ObjectDamagedError, 'Invalid');
      assert.equal(
        store.list().map(({ damaged, id }) => [damaged, id.hex]),
        [[true, hex]],
      );
      await failure(() => store.verify(), InvariantError, 'UnknownError');
      ref.release();
    });
    assert.equal(
      warnings.map(({ name }) => name),
      ['PlasmoidDamageWarning'],
    );
    assert.match(warnings[0]?.message ?? '', hex);
  });
  assert.match(String(error?.values.callSite), /debug\.test\.js:\d+:\d+/);
  assert.match(error?.message ?? '', String(error?.values.callSite));
  assert.equal(
    heard.map(({ id, sizeBytes, callSite }) => [id, sizeBytes, callSite]),
    [[hex, 1000, error?.values.callSite]],
  );
});

test('a view that was written into and forgotten is found when it is collected', async () => {
  const heard = await hear('damage', () =>
    debugged(async (store) => {
      const ref = await store.put(new Uint8Array(5000));
      (() => scribble(ref.getSync(), 4321))();
      await until('the check', () => {
        collect();
        return store.list()[0]?.damaged === true;
      });
      const [entry] = store.list();
      assert.is(entry?.damaged, true);
      // Its last window has gone, and its pin has stayed: the block is nobody's.
      assert.is(entry?.pins, 1);
      ref.release();
      assert.is(store.list()[0]?.state, 'deleting');
    }),
  );
  assert.is(heard.length, 1);
});

test('bytes that change without any view are found when the store is verified, and at its end', async () => {
  const heard = await hear('damage', () =>
    debugged(async (store) => {
      // A second view of the block is the only way to get at them.
      const refs = [await store.put(new Uint8Array(64)), await store.put(new Uint8Array(64))];
      await store.verify();
      const view = await refs[1]?.get();
      if (view !== undefined) scribble(view);
      const error = await failure(() => store.verify(), InvariantError, 'UnknownError');
      assert.match(String(error.values.callSite), /debug\.test\.js/);
      for (const ref of refs) ref.release();
      assert.is(view?.length, 64);
    }),
  );
  assert.is(heard.length, 1);
  const atEnd = await hear('damage', () =>
    debugged(async (store) => {
      const ref = await store.put(new Uint8Array(64));
      scribble(await ref.get());
    }),
  );
  assert.is(atEnd.length, 1);
});

test('a read from a file that was still under way when its slot was sealed is found out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-debug-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // For both directions: opening it for one waits for the other.
  const file = await open(pipe, 'r+');
  try {
    const heard = await hear('damage', () =>
      debugged(async (store) => {
        const slot = await store.create(100);
        slot.bytes.fill(0);
        const reading = file.read(slot.bytes, 0, 4);
        const ref = slot.seal();
        const view = await ref.get();
        await file.write('late');
        assert.is((await reading).bytesRead, 4);
        const error = await failure(() => store.release(view), ObjectDamagedError, 'Invalid');
        assert.match(String(error.values.callSite), /debug\.test\.js/);
        ref.release();
      }),
    );
    assert.is(heard.length, 1);
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
});

test('the list says which line made an object, in every thread, for puts and creates, sync and async', async () => {
  const warnings = await debugged(async (store) => {
    const other = await Store.connect(store.handle);
    async function byPut(): Promise<ObjectRef> {
      return store.put(new Uint8Array(10));
    }
    function byPutSync(): ObjectRef {
      return other.putSync({ some: 'thing' });
    }
    async function byCreate() {
      return store.create(10);
    }
    const made = [await byPut(), byPutSync(), await byCreate()];
    // One after the other in the table, whoever asks.
    for (const asked of [store, other]) {
      const sites = asked.list().map(({ callSite }) => callSite ?? '');
      for (const name of ['byPut', 'byPutSync', 'byCreate']) {
        const pattern = new RegExp(`^${name} \\(.*debug\\.test\\.js:\\d+:\\d+\\)$`);
        assert.is(sites.filter((site) => pattern.test(site)).length, 1, `${name} in ${sites.join()}`);
      }
    }
    for (const one of made) one[Symbol.dispose]();
    await other.close();
  });
  assert.equal(warnings, []);
});

test('refs and slots that a thread does not give back are named when it leaves', async () => {
  const heard = await hear('leak', async () => {
    const warnings = await debugged(async (store) => {
      async function forgets(): Promise<void> {
        await store.put(new Uint8Array(10));
      }
      async function keeps(): Promise<ObjectRef> {
        return store.put(new Uint8Array(10));
      }
      await forgets();
      await forgets();
      const kept = await keeps();
      (await store.put(new Uint8Array(10))).release();
      await collectUntil(store, ({ objectCount }) => objectCount === 1);
      // The registry's callbacks come in a turn of their own.
      await delay(10);
      assert.is(kept.released, false);
    });
    const [warning] = warnings;
    assert.is(warning?.name, 'PlasmoidLeakWarning');
    assert.match(warning?.message ?? '', /refs made by forgets \(.*\): 2 left to the garbage collector/);
    assert.match(warning?.message ?? '', /refs made by keeps \(.*\): 1 still held/);
  });
  assert.equal(
    heard[0]?.leaks.map(({ what, collected, held }) => [what, collected, held]),
    [
      ['ref', 2, 0],
      ['ref', 0, 1],
    ],
  );
});

test('a view that is released early keeps its memory until its buffer is collected', async () => {
  await debugged(async (store) => {
    const ref = await store.put(new Uint8Array(1000));
    let view: SealedView<Uint8Array> | undefined = await ref.get();
    store.release(view);
    ref.release();
    collect();
    const { deletingCount } = await store.stats();
    assert.is(deletingCount, 1, 'a native operation that was under way would still find its bytes');
    assert.is(view.length, 0);
    view = undefined;
    await collectUntil(store, ({ objectCount }) => objectCount === 0);
    await store.verify();
  });
});

test('damage is found whoever holds the object by then, and however its view came here', async () => {
  const ways: Readonly<Record<string, (store: Store) => Promise<void>>> = {
    'its last ref was released before': async (store) => {
      const ref = await store.put(new Uint8Array(100));
      const view = await ref.get();
      ref.release();
      scribble(view);
      await failure(() => store.verify(), InvariantError, 'UnknownError');
    },
    'it was deleted before': async (store) => {
      const ref = await store.put(new Uint8Array(100));
      const view = await ref.get();
      store.delete(ref);
      scribble(view);
      await failure(() => store.release(view), ObjectDamagedError, 'Invalid');
      ref.release();
    },
    'its view ends with use()': async (store) => {
      const ref = await store.put(new Uint8Array(100));
      await store.use(ref, (view) => scribble(view));
      ref.release();
    },
    'its last ref goes after its view': async (store) => {
      const ref = await store.put(new Uint8Array(100));
      const other = await Store.connect(store.handle);
      const shared = other.ref(ref.token);
      const view = await shared.get();
      await other.close();
      scribble(view);
      ref.release();
    },
    'its view was transferred': async (store) => {
      const ref = await store.put(new Uint8Array(100));
      const { buffer } = await ref.get();
      const view = new Uint8Array(
        structuredClone(buffer as ArrayBuffer, { transfer: [buffer as ArrayBuffer] }),
      );
      view[5] = 1;
      await failure(() => store.release(view), ObjectDamagedError, 'Invalid');
      ref.release();
    },
  };
  for (const [what, way] of Object.entries(ways)) {
    const heard = await hear('damage', () => debugged(way));
    assert.is(heard.length, 1, what);
  }
});

test('refs that a channel keeps are no leaks of its user', async () => {
  const heard = await hear('leak', () =>
    debugged(async (store) => {
      const channel = Channel.create<Uint8Array>(store, { depth: 4 });
      const writer = channel.openWriter();
      const reader = channel.openReader();
      for (let version = 0; version < 3; version++) await writer.write(new Uint8Array([version]));
      (await writer.writeAcquire(1)).bytes.fill(3);
      writer.writeRelease();
      await reader.read();
      channel.close();
    }),
  );
  assert.equal(heard, []);
});

test('where the stack cannot be looked at, objects have no call site, and nothing fails', () => {
  const index = new URL('../../src/index.js', import.meta.url).href;
  const script = `import { Store } from '${index}';
    const store = await Store.create({ memory: 2 ** 20, spillLimit: 0, debug: true });
    const ref = await store.put(new Uint8Array(8));
    console.log(store.list().map(({ callSite }) => String(callSite)).join());
    ref.release();
    await store.close();`;
  const flags = ['--frozen-intrinsics', '--no-warnings', '--input-type=module', '-e', script];
  assert.is(execFileSync(process.execPath, flags, { encoding: 'utf8' }), 'undefined\n');
});

test('PLASMOID_DEBUG=1 turns it on, and only that', async () => {
  const isDebugged = async (): Promise<boolean> => {
    await using store = await Store.create({ memory: MEMORY, spillLimit: 0 });
    using ref = await store.put(new Uint8Array(1));
    return store.list()[0]?.callSite !== undefined && !ref.released;
  };
  const before = process.env.PLASMOID_DEBUG;
  try {
    process.env.PLASMOID_DEBUG = '1';
    assert.is(await isDebugged(), true);
    process.env.PLASMOID_DEBUG = '0';
    assert.is(await isDebugged(), false);
    delete process.env.PLASMOID_DEBUG;
    assert.is(await isDebugged(), false);
  } finally {
    if (before !== undefined) process.env.PLASMOID_DEBUG = before;
  }
});

test('a worker that dies between the two steps of a call site leaves the table usable', async () => {
  await debugged(async (store) => {
    const source = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData.index).then(async ({ Store }) => {
        const store = await Store.connect(workerData.store);
        parentPort.postMessage('ready');
        for (let round = 0; ; round++) new Function('store', '//' + round + '\\nstore.putSync(new Uint8Array(8)).release()')(store);
      });`;
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(source, {
        eval: true,
        workerData: { store: store.handle, index: new URL('../../src/index.js', import.meta.url).href },
      });
      await once(worker, 'message');
      await worker.terminate();
    }
    using ref = await store.put(new Uint8Array(8));
    assert.match(store.list().find(({ id }) => id.hex === ref.id.hex)?.callSite ?? '', /debug\.test\.js/);
    await collectUntil(store, ({ clientCount }) => clientCount === 1);
    await store.verify();
  });
});

test.run();
