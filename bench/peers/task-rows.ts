/** Tasks: Plasmoid's beside those of other pools of workers. */
import type { Runtime } from '../../src/index.ts';
import type { Claim } from '../claims.ts';
import type { Row } from '../harness.ts';
import { type Measure, many, single, subject } from './calls.ts';
import type { Move } from './functions.ts';
import { piscinaPeers } from './piscina.ts';
import { plasmoid } from './plasmoid.ts';
import { tasks } from './plasmoid-tasks.ts';
import type { FunctionName, PoolPeer } from './pool.ts';
import { poolifiers } from './poolifier.ts';
import { tinypool } from './tinypool.ts';
import { workerpool } from './workerpool.ts';

const OTHERS: readonly PoolPeer[] = [tinypool, workerpool, ...poolifiers];
const STEP: Move = { x: 1, y: 2, name: 'north' };

interface TaskRow {
  readonly name: string;
  readonly workers: number;
  readonly measure: Measure;
  readonly task: FunctionName;
  readonly argument?: unknown;
  readonly own: Readonly<Record<string, (runtime: Runtime) => () => PromiseLike<unknown>>>;
}

function taskRow({ name, workers, measure, task, argument, own }: TaskRow): Row {
  const claims = Object.keys(own).flatMap((subject): Claim[] => [
    { subject, against: piscinaPeers.map((peer) => peer.name), times: 5 },
    { subject, against: OTHERS.map((peer) => peer.name), times: 1 },
  ]);
  return {
    name: `peers: ${name}`,
    unit: 'µs/task',
    // With nine subjects a round takes seconds.
    rounds: 9,
    subjects: [
      ...Object.entries(own).map(([name, call]) => subject(name, plasmoid(workers, call), measure)),
      ...[...piscinaPeers, ...OTHERS].map((peer) =>
        subject(
          peer.name,
          async () => {
            const pool = await peer.open(workers);
            return { call: () => pool.run(task, argument), end: () => pool.end() };
          },
          measure,
        ),
      ),
    ],
    claims,
  };
}

const awaited = (runtime: Runtime) => () => runtime.submit(tasks.nothing, []);
const sync = (runtime: Runtime) => () => Promise.resolve(runtime.submit(tasks.nothing, []).getSync());
const withObject = (runtime: Runtime) => () => runtime.submit(tasks.move, [STEP]);

export const taskRows: readonly Row[] = [
  ...[1, 2].map((workers) =>
    taskRow({
      name: `empty tasks, 1,000 in flight, ${workers === 1 ? 'one worker' : 'two workers'}`,
      workers,
      measure: many,
      task: 'nothing',
      own: { Plasmoid: awaited },
    }),
  ),
  taskRow({
    name: 'empty tasks, one at a time, both sides warm',
    workers: 1,
    measure: single,
    task: 'nothing',
    own: { 'Plasmoid, awaited': awaited, 'Plasmoid, getSync': sync },
  }),
  taskRow({
    name: 'tasks with a small object for a small object, 1,000 in flight, one worker',
    workers: 1,
    measure: many,
    task: 'move',
    argument: STEP,
    own: { Plasmoid: withObject },
  }),
  taskRow({
    name: 'tasks with a small object for a small object, one at a time, both sides warm',
    workers: 1,
    measure: single,
    task: 'move',
    argument: STEP,
    own: { Plasmoid: withObject },
  }),
];
