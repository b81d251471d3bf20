// deadline: 120 s
/** The lives of actors: order, restarts, ends. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ActorDiedError,
  ActorNameTakenError,
  ActorNotFoundError,
  ForeignRefError,
  InvalidArgumentError,
  type Runtime,
  type SpawnOptions,
  TimedOutError,
  WorkerDiedError,
} from '../../../src/index.ts';
import { rejection } from '../../support/rejection.ts';
import { withRuntime } from '../../support/runtimes.ts';
import { until } from '../../support/until.ts';
import { callers, Journal, Mortal, Stillborn } from './actor-samples.ts';
import { Counter, SampleError, tasks } from './sample-tasks.ts';

const FREE: SpawnOptions = { resources: { CPU: 0 } };
const LIMIT = { timeout: 20_000 };

const spawnJournal = (runtime: Runtime, options: SpawnOptions = {}) =>
  runtime.spawn(Journal, [], { ...FREE, ...options });

test("each caller's calls run in their order, those with late arguments too", () =>
  withRuntime(2, async (runtime) => {
    const journal = await spawnJournal(runtime, { name: 'journal' });
    const late = runtime.submit(tasks.echo, ['late']);
    const notes = [
      journal.note('first'),
      journal.note(late as never),
      ...Array.from({ length: 5_000 }, (_, index) => journal.note(String(index))),
    ];
    await Promise.all(notes.map((note) => note.get(LIMIT)));
    const expected = ['first', 'late', ...Array.from({ length: 5_000 }, (_, index) => String(index))];
    assert.equal(await journal.lines(), expected);
    await Promise.all(
      ['a', 'b'].map((caller) => runtime.submit(callers.noteMany, ['journal', caller, 200]).get(LIMIT)),
    );
    const lines = await journal.lines();
    for (const caller of ['a', 'b']) {
      const own = lines.filter((line) => line.startsWith(`${caller}.`));
      assert.equal(
        own,
        Array.from({ length: 200 }, (_, index) => `${caller}.${index}`),
      );
    }
  }));

test('generators of actors give their items in the order of their calls, and end with their reader or their actor', () =>
  withRuntime(2, async (runtime) => {
    const journal = await spawnJournal(runtime, { maxConcurrency: 2 });
    for (const line of ['a', 'b']) journal.note(line);
    const items: string[] = [];
    for await (const item of runtime.stream(journal.numbered, [1])) items.push(item);
    assert.equal(items, ['1 a', '2 b']);
    const followed: string[] = [];
    for await (const line of runtime.stream(journal.follow, [])) {
      followed.push(line);
      if (line === 'c') break;
      if (line === 'b') journal.note('c');
    }
    assert.equal(followed, ['a', 'b', 'c']);
    // Long enough for three items on a busy machine; the fourth never comes.
    const ended = runtime.stream(journal.follow, [], { deadline: 300 });
    for (let count = 0; count < 3; count++) await ended.next();
    assert.instance(await rejection(ended.next()), TimedOutError);
    const called = (journal.numbered as unknown as (from: number) => PromiseLike<unknown>)(1);
    assert.match(
      (await rejection(called)).message,
      /numbered gave a generator: runtime\.stream\(actor\.method/,
    );
    assert.throws(
      () => runtime.stream(journal.follow, [], { priority: 1 } as object),
      (error: unknown) => error instanceof InvalidArgumentError,
    );
    const killed = runtime.stream(journal.follow, []);
    await killed.next();
    await runtime.kill(journal);
    const death = await rejection(
      (async () => {
        for await (const _ of killed);
      })(),
    );
    assert.instance(death, ActorDiedError);
  }));

test('a call whose argument fails does not hold up those behind it', () =>
  withRuntime(1, async (runtime) => {
    const journal = await spawnJournal(runtime);
    const failing = journal.note(runtime.submit(callers.fail, []) as never);
    const behind = journal.note('behind');
    assert.is((await rejection(failing)).message, 'an argument failed');
    assert.is(await behind.get(LIMIT), 1);
    assert.is((await rejection(journal.fail())).message, 'a method failed');
    assert.is(await journal.note('again').get(LIMIT), 2);
  }));

test('as many calls run at once as maxConcurrency says', () =>
  withRuntime(1, async (runtime) => {
    const journal = await spawnJournal(runtime, { maxConcurrency: 4 });
    const waits = ['a', 'b', 'c'].map((gate) => journal.wait(gate));
    await until('three wait', async () => (await journal.waiting()) === 3);
    // There are four places: from now on all are taken, and what opens the gates has to wait for one as well.
    const more = [journal.wait('d'), journal.wait('e'), journal.open('a')];
    const failures = [...waits, ...more].map((call) => rejection(call, 20_000));
    await runtime.kill(journal);
    for (const failure of failures) assert.instance(await failure, ActorDiedError);
    const wide = await spawnJournal(runtime, { maxConcurrency: 3 });
    const two = ['a', 'b'].map((gate) => wide.wait(gate));
    await until('two wait', async () => (await wide.waiting()) === 2);
    const notes = Array.from({ length: 10 }, (_, index) => wide.note(String(index)));
    await Promise.all(notes);
    assert.ok(await wide.open('a'));
    assert.ok(await wide.open('b'));
    assert.equal(await Promise.all(two), ['a', 'b']);
    assert.is(await wide.most(), 2);
  }));

test('an actor whose worker dies is made again as often as it may be', () =>
  withRuntime(2, async (runtime) => {
    const journal = await spawnJournal(runtime, { maxRestarts: 2, name: 'phoenix' });
    for (let life = 0; life < 2; life++) {
      assert.is(await journal.note('one').get(LIMIT), life === 0 ? 1 : 3);
      const exit = journal.exit();
      const behind = journal.note('behind');
      const error = await rejection(exit, 20_000);
      assert.instance(error, WorkerDiedError);
      assert.match(error.message, /exit had begun on worker/);
      assert.is(
        await behind.get(LIMIT),
        1,
        'a call that had not begun runs in the next life, which begins anew',
      );
      const found = await runtime.actor<Journal>('phoenix');
      assert.is(await found.note('two').get(LIMIT), 2);
      assert.equal(await journal.lines(), ['behind', 'two']);
    }
    const last = journal.exit();
    const behind = journal.note('never');
    assert.instance(await rejection(last, 20_000), WorkerDiedError);
    const error = await rejection(behind, 20_000);
    assert.instance(error, ActorDiedError);
    assert.instance(error.cause, WorkerDiedError);
    assert.instance(await rejection(runtime.actor('phoenix')), ActorNotFoundError);
  }));

test('names', () =>
  withRuntime(1, async (runtime) => {
    const journal = await spawnJournal(runtime, { name: 'one' });
    assert.instance(await rejection(spawnJournal(runtime, { name: 'one' })), ActorNameTakenError);
    assert.instance(await rejection(runtime.actor('other')), ActorNotFoundError);
    assert.is(await runtime.actor('one'), journal, 'the same handle');
    await runtime.stop(journal);
    assert.instance(await rejection(runtime.actor('one')), ActorNotFoundError);
    await spawnJournal(runtime, { name: 'one' });
  }));

test('a handle travels in arguments', () =>
  withRuntime(2, async (runtime) => {
    const journal = await spawnJournal(runtime);
    const calls = Array.from({ length: 10 }, () => runtime.submit(callers.noteThrough, [{ journal }, 'x']));
    const counts = await Promise.all(calls.map((call) => call.get(LIMIT)));
    assert.equal(
      counts.sort((one, other) => one - other),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
  }));

test('a handle has its methods and nothing else', () =>
  withRuntime(1, async (runtime) => {
    const journal = await spawnJournal(runtime);
    const { note } = journal;
    assert.is(journal.note, note);
    assert.is(await note('detached').get(LIMIT), 1);
    assert.is(await Promise.resolve(journal), journal);
    assert.match(inspect(journal), /^ActorHandle \{ actor: \d+ \}$/);
    for (const name of ['note', 'other'])
      assert.throws(() => Reflect.apply(Object.assign, Object, [journal, { [name]: 1 }]), TypeError);
    assert.throws(() => structuredClone(journal), /could not be cloned/);
  }));

async function withFile(body: (file: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'actors-'));
  try {
    await body(join(directory, 'lines'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('stop lets it do what it was asked for, then disposes of it once', () =>
  withFile((file) =>
    withRuntime(1, async (runtime) => {
      const mortal = await runtime.spawn(Mortal, [file], FREE);
      const late = runtime.submit(tasks.echo, ['late']);
      const notes = Array.from({ length: 5_000 }, (_, index) => mortal.note(String(index)));
      const last = mortal.note(late as never);
      const stops = [runtime.stop(mortal), mortal[Symbol.asyncDispose]()];
      await Promise.all(notes.map((note) => note.get(LIMIT)));
      await last.get(LIMIT);
      await Promise.all(stops);
      const lines = readFileSync(file, 'utf8').trim().split('\n');
      assert.is(lines.length, 5_002);
      assert.equal(lines.slice(-2), ['late', 'disposed']);
      assert.instance(await rejection(mortal.note('x')), ActorDiedError);
    }),
  ));

test('kill rejects what runs and what waits, and calls to the dead reject at once', () =>
  withRuntime(1, async (runtime) => {
    const journal = await spawnJournal(runtime);
    const running = journal.never();
    const waiting = Array.from({ length: 10 }, () => journal.note('x'));
    const failures = [running, ...waiting].map((call) => rejection(call));
    await runtime.kill(journal);
    for (const failure of failures) assert.instance(await failure, ActorDiedError);
    assert.instance(await rejection(journal.note('x')), ActorDiedError);
    const pending = runtime.submit(tasks.echo, ['text']);
    assert.instance(await rejection(journal.note(pending as never)), ActorDiedError);
    assert.instance(await rejection(runtime.kill(journal)), ActorDiedError);
    assert.is(await runtime.submit(tasks.add, [1, 1]).get(LIMIT), 2, 'its worker lives on');
  }));

test('a constructor that throws', () =>
  withRuntime(1, async (runtime) => {
    const error = await rejection(runtime.spawn(Stillborn, ['not today'], { ...FREE, name: 'nobody' }));
    assert.instance(error, ActorDiedError);
    const { cause } = error;
    assert.instance(cause, SampleError, 'of its class, though the scheduler does not know that');
    assert.match(String((cause as Error).cause), 'RangeError: not today');
    assert.instance(await rejection(runtime.actor('nobody')), ActorNotFoundError);
    assert.is((await runtime.stats()).actors, 0);
  }));

test('a handle is of its own runtime', () =>
  withRuntime(1, (runtime) =>
    withRuntime(1, async (other) => {
      const mine = await runtime.spawn(Counter, [1]);
      const theirs = await other.spawn(Counter, [100]);
      assert.instance(await rejection(other.kill(mine)), InvalidArgumentError);
      assert.throws(
        () => other.submit(tasks.echo, [mine]),
        (error: unknown) => error instanceof ForeignRefError,
      );
      assert.is(await theirs.add(1), 101);
      assert.match(`${mine}`, /ActorHandle/);
    }),
  ));

test.run();
