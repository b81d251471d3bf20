/** A scheduler with its news at hand, and short words for workers and classes. */
import { LabelSelector } from '../../src/state/labels/label-selector.ts';
import { NodeResourceSet } from '../../src/state/resources/node-resource-set.ts';
import { ResourceSet } from '../../src/state/resources/resource-set.ts';
import type { Lease } from '../../src/state/scheduling/lease.ts';
import { LeaseScheduler } from '../../src/state/scheduling/lease-scheduler.ts';
import type { SchedulingClass } from '../../src/state/scheduling/scheduling-class.ts';
import type { WorkerShape } from '../../src/state/scheduling/worker-ledger.ts';

type Numbers = Readonly<Record<string, number>>;

export function shape(resources: Numbers, labels: Readonly<Record<string, string>> = {}): WorkerShape {
  return { resources: new NodeResourceSet(resources), labels: new Map(Object.entries(labels)) };
}

/** A class by its resources; what else is to be said of it comes after. */
export function classOf(
  resources: Numbers,
  more: Partial<Omit<SchedulingClass, 'resources'>> = {},
): SchedulingClass {
  const key = JSON.stringify([resources, more]);
  return { key, resources: new ResourceSet(resources), ...more };
}

export const selector = (labels: Readonly<Record<string, string>>) => new LabelSelector(labels);
export const CPU = classOf({ CPU: 1 });

export class World {
  readonly scheduler: LeaseScheduler;
  /** Leases that are held, in the order of their grants. */
  readonly held = new Map<number, Lease>();
  readonly recalled: Lease[] = [];
  readonly ready: { groupId: string; workers: readonly number[] }[] = [];
  nowMs = 0;

  constructor(quantumMs = 100) {
    this.scheduler = new LeaseScheduler({
      quantumMs,
      onGrant: (lease) => this.held.set(lease.leaseId, lease),
      onRecall: (lease) => this.recalled.push(lease),
      onGroupReady: (groupId, workers) => this.ready.push({ groupId, workers }),
    });
  }

  /** Workers 0, 1, … */
  static of(...shapes: readonly (WorkerShape | Numbers)[]): World {
    const world = new World();
    for (const [worker, given] of shapes.entries()) {
      world.scheduler.addWorker(worker, isShape(given) ? given : shape(given));
    }
    return world;
  }

  /** Schedules now, or so many milliseconds later. */
  run(laterMs = 0): number | undefined {
    this.nowMs += laterMs;
    return this.scheduler.schedule(this.nowMs);
  }

  ask(client: number, schedulingClass: SchedulingClass, wanted: number, preferred?: readonly number[]): void {
    this.scheduler.request(client, schedulingClass, wanted, preferred);
    this.run();
  }

  give(lease: Lease): void {
    this.scheduler.returnLease(lease.leaseId);
    this.held.delete(lease.leaseId);
    this.run();
  }

  /** Takes leases that have ended off the list. */
  lose(leases: readonly Lease[]): readonly Lease[] {
    for (const { leaseId } of leases) this.held.delete(leaseId);
    this.run();
    return leases;
  }

  of(client: number): Lease[] {
    return [...this.held.values()].filter((lease) => lease.client === client);
  }

  /** The workers of a client's leases. */
  workersOf(client: number): number[] {
    return this.of(client).map(({ worker }) => worker);
  }
}

function isShape(given: WorkerShape | Numbers): given is WorkerShape {
  return typeof given.resources === 'object';
}
