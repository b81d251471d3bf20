// deadline: 60 s
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startRuntime } from '../../../src/actors/runtime/runtime-owner.ts';
import { Runtime } from '../../../src/index.ts';
import { THREAD, THREAD_PARKING } from '../../../src/state/runtime/thread-layout.ts';
import { Journal } from './actor-samples.ts';

const CALLS = 2_000;
/** All answers together are several times as large as the ring that they travel in. */
const ANSWER_CHARACTERS = 1_000;
const FIRST_WORKER = 1;
const PATIENCE_MS = 20_000;

test('a worker that fell asleep because its answers found no room sends them when the caller has read some', async () => {
  const { core, end } = await startRuntime({ workers: 1, memory: '64MiB' });
  const runtime: Runtime = Reflect.construct(Runtime, [core, end]);
  const journal = await runtime.spawn(Journal, []);
  const thread = threadOfWorker(core.participant.links().map(({ peer }) => peer));
  const answers = Array.from({ length: CALLS }, () => journal.page(ANSWER_CHARACTERS));
  await new Promise(setImmediate);
  // Nothing is read here meanwhile: the worker writes until its ring is full, and has nothing else to do.
  const { words } = core.participant.board;
  const deadlineMs = performance.now() + PATIENCE_MS;
  const parking = thread * THREAD.WORDS + THREAD.PARKING;
  while (Atomics.load(words, parking) !== THREAD_PARKING.IN_LOOP) {
    assert.ok(performance.now() < deadlineMs, 'the worker never slept');
  }
  const all = await Promise.all(answers);
  assert.is(all.length, CALLS);
  assert.ok(all.every((answer) => answer.length === ANSWER_CHARACTERS));
  await runtime.close();
});

/** The only thread this one has a link with, besides itself. */
function threadOfWorker(peers: readonly number[]): number {
  const others = peers.filter((peer) => peer >= FIRST_WORKER);
  assert.is(others.length, 1);
  return others[0]!;
}

test.run();
