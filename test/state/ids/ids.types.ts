/** Compile-time test: to the compiler an id of one kind is none of another, although all are bytes. */
import type { ActorId } from '../../../src/state/ids/actor-id.ts';
import type { JobId } from '../../../src/state/ids/job-id.ts';
import { LeaseId } from '../../../src/state/ids/lease-id.ts';
import { ObjectId } from '../../../src/state/ids/object-id.ts';
import { TaskId } from '../../../src/state/ids/task-id.ts';
import { NodeId, type UniqueId, WorkerId } from '../../../src/state/ids/unique-id.ts';

declare const job: JobId;
declare const actor: ActorId;
declare const worker: WorkerId;
declare const node: NodeId;
declare const unique: UniqueId;

export function kindsAreTypes(): readonly unknown[] {
  const general: UniqueId = node;
  const random: NodeId = NodeId.fromRandom();
  const read: WorkerId = WorkerId.fromHex('');
  // @ts-expect-error a node is no worker
  const worker1: WorkerId = node;
  // @ts-expect-error nor is just any unique id
  const worker2: WorkerId = unique;
  // @ts-expect-error nor is one that was read as something else
  const worker3: WorkerId = NodeId.fromBinary(new Uint8Array(28));
  // @ts-expect-error an object id has as many bytes, but is another thing
  const object1: ObjectId = worker;
  // @ts-expect-error only workers have leases
  const lease = LeaseId.fromWorker(node, 1);
  // @ts-expect-error an actor has a creation task, a job has a driver task
  const task1 = TaskId.forActorCreationTask(job);
  // @ts-expect-error objects belong to tasks
  const object2 = ObjectId.fromIndex(actor, 1);
  // @ts-expect-error the parent of a task is a task
  const task2 = TaskId.forNormalTask({ job, parentTask: actor, parentCounter: 0 });
  return [general, random, read, worker1, worker2, worker3, object1, lease, task1, object2, task2];
}
