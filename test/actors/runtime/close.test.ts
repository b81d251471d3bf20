// deadline: 120 s
/** The end of a runtime. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Runtime, RuntimeClosedError } from '../../../src/index.ts';
import { collect } from '../../support/collection.ts';
import { rejection } from '../../support/rejection.ts';
import { startTestRuntime, threadCount } from '../../support/runtimes.ts';
import { until } from '../../support/until.ts';
import { Journal } from './actor-samples.ts';
import { chaos } from './chaos-tasks.ts';
import { graph } from './graph-tasks.ts';
import { tasks } from './sample-tasks.ts';

const ROUNDS = 20;
const LIMIT_MS = 20_000;

test('close waits for what is under way: tasks, graphs, calls of actors', async () => {
  const { runtime } = await startTestRuntime({ workers: 2 });
  const journal = await runtime.spawn(Journal, [], { resources: { CPU: 0 } });
  const calls = [
    ...Array.from({ length: 200 }, () => runtime.submit(chaos.addLater, [1, 1])),
    runtime.submit(graph.increment, [runtime.submit(graph.increment, [runtime.submit(graph.one, [])])]),
    runtime.submit(graph.grandparent, [3]),
    ...Array.from({ length: 200 }, () => journal.note('x')),
  ];
  const values = Promise.all(calls);
  await runtime.close();
  const results = await values;
  assert.equal(results.slice(200, 202), [3, 9]);
  assert.is(results.at(-1), 200);
});

test('with a deadline what is left is rejected: begun, queued, waiting for arguments, of actors', async () => {
  const { runtime } = await startTestRuntime({ workers: 1 });
  const journal = await runtime.spawn(Journal, [], { resources: { CPU: 0 } });
  const blocker = runtime.submit(tasks.waitFor, ['nobody', 'never'], { retries: 3 });
  assert.ok((await rejection(blocker)).message.includes('nobody'));
  const begun = journal.never();
  const never = runtime.submit(chaos.never, []);
  const calls = [
    begun,
    never,
    ...Array.from({ length: 1_000 }, () => runtime.submit(chaos.add, [1, 1], { resources: { CPU: 1 } })),
    runtime.submit(tasks.echo, [never as never]),
    ...Array.from({ length: 100 }, () => journal.note('x')),
    journal.note(never as never),
  ];
  const failures = calls.map((call) => rejection(call, LIMIT_MS));
  const reader = rejection(runtime.stream(chaos.endless, []).next(), LIMIT_MS);
  await runtime.close({ deadline: 50 });
  for (const failure of [...failures, reader]) assert.instance(await failure, RuntimeClosedError);
  assert.throws(
    () => runtime.submit(chaos.add, [1, 1]),
    (error: unknown) => error instanceof RuntimeClosedError,
  );
  for (const late of [journal.note('x'), runtime.stats(), runtime.actor('x'), runtime.kill(journal)])
    assert.instance(await rejection(late), RuntimeClosedError);
});

test('close while workers die', async () => {
  const { runtime, terminate } = await startTestRuntime({ workers: 2 });
  const calls = Array.from({ length: 100 }, () => runtime.submit(chaos.addLater, [1, 1], { retries: 100 }));
  const values = Promise.all(calls);
  void terminate(1);
  void terminate(2);
  await runtime.close();
  assert.is((await values).length, 100);
});

/** Runs the sample in a process of its own, which has to end by itself; what it says. */
async function runSample(how: string): Promise<{ readonly output: string; readonly warnings: string }> {
  const script = fileURLToPath(new URL('./close-sample.js', import.meta.url));
  const child = spawn(process.execPath, [script, how], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { output: '', warnings: '' };
  child.stdout.on('data', (chunk) => {
    said.output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.warnings += String(chunk);
  });
  const late = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(late);
  assert.is(code, 0, said.warnings);
  return said;
}

for (const how of ['closed', 'forgotten']) {
  test(`a process whose runtime is ${how} ends by itself`, async () => {
    assert.equal(await runSample(how), { output: 'sum 10000\n', warnings: '' });
  });
}

test('a failure that nobody has looked at is told when the process ends', async () => {
  const { warnings } = await runSample('failed');
  assert.match(
    warnings,
    /PlasmoidUnobservedFailureWarning: nobody looked at the failure of fail: .*sample 7/,
  );
});

/** Mapped memory of this process in MiB, reserved ranges included. */
function mappedMebibytes(): number {
  return (Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * 4096) / 2 ** 20;
}

test(`started and closed ${ROUNDS} times, nothing is left`, async () => {
  const round = async (): Promise<void> => {
    const runtime = await Runtime.start({ workers: 2, memory: '64MiB' });
    await runtime.submit(tasks.sum, [new Float64Array(10_000).fill(1)]);
    await runtime.close();
    collect();
  };
  await round();
  const isLinux = process.platform === 'linux';
  const threads = threadCount() ?? 0;
  const mapped = isLinux ? mappedMebibytes() : 0;
  for (let count = 0; count < ROUNDS; count++) await round();
  await until('the threads have gone', () => (threadCount() ?? 0) <= threads);
  if (!isLinux) return;
  await until('the memory has gone', () => {
    collect();
    return mappedMebibytes() < mapped + 10 * 64;
  });
  assert.equal(
    process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker'),
    [],
  );
});

test.run();
