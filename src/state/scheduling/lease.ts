/** Leases, and the requests that they are granted for. */
import type { LabelSelector } from '../labels/label-selector.ts';
import type { ResourceSet } from '../resources/resource-set.ts';
import type { Allocation } from '../resources/task-resource-instance-set.ts';
import { demandsOf, priorityOf, type SchedulingClass, selectorsOf } from './scheduling-class.ts';

/** The permission of one client to run tasks of one class on one worker, one after the other, until it is returned. */
export interface Lease {
  /** Never used again. */
  readonly leaseId: number;
  readonly client: number;
  readonly classKey: string;
  readonly worker: number;
  readonly grantedMs: number;
  /** What is held, by instance: which GPU, for instance. In a placement group under the names of its resources. */
  readonly allocation: Allocation;
}

/** A client, as those see it who share something out. */
export class ClientRecord {
  readonly client: number;
  readonly requests = new Map<string, LeaseRequest>();
  /** Whose is lowest is next. */
  turn: number;
  /** Leases that can be recalled. */
  sharedLeases = 0;

  constructor(client: number, turn: number) {
    this.client = client;
    this.turn = turn;
  }
}

/** What one client wants of one class. */
export class LeaseRequest {
  readonly owner: ClientRecord;
  readonly schedulingClass: SchedulingClass;
  readonly priority: number;
  readonly demands: ResourceSet;
  readonly selectors: readonly LabelSelector[];
  readonly leases = new Set<LeaseRecord>();
  wanted = 0;
  preferredWorkers: readonly number[] = [];
  /** Whose is lowest is next of its owner's. */
  turn: number;
  /** It was tried everywhere: only where something has come free since there may be room. */
  isStalled = false;
  /** Rounds in which others got something since it last did. */
  passedOver = 0;

  constructor(owner: ClientRecord, schedulingClass: SchedulingClass, turn: number) {
    this.owner = owner;
    this.schedulingClass = schedulingClass;
    this.priority = priorityOf(schedulingClass);
    this.demands = demandsOf(schedulingClass);
    this.selectors = selectorsOf(schedulingClass);
    this.turn = turn;
  }

  get isLongLived(): boolean {
    return this.schedulingClass.isLongLived === true;
  }

  /** Then there is room wherever it has no lease yet: one of each worker will do. */
  get asksForNothing(): boolean {
    return this.schedulingClass.resources.isEmpty;
  }

  /** Leases that are missing. */
  get waiting(): number {
    return Math.max(0, this.wanted - this.leases.size);
  }
}

/** A lease that is held. */
export class LeaseRecord implements Lease {
  readonly leaseId: number;
  readonly request: LeaseRequest;
  readonly worker: number;
  readonly grantedMs: number;
  readonly allocation: Allocation;
  /** Its CPU is lent to others while its task waits for them. */
  isBlocked = false;
  /** Its client was asked to return it. */
  isRecalled = false;
  /** Of what its client would do with it next; at first of what it was granted for. Who waits for less does not recall it. */
  priority: number;

  constructor(
    leaseId: number,
    request: LeaseRequest,
    worker: number,
    grantedMs: number,
    allocation: Allocation,
  ) {
    this.leaseId = leaseId;
    this.request = request;
    this.worker = worker;
    this.grantedMs = grantedMs;
    this.allocation = allocation;
    this.priority = request.priority;
  }

  get client(): number {
    return this.request.owner.client;
  }

  get classKey(): string {
    return this.request.schedulingClass.key;
  }

  /** What comes free when it is returned now: of a blocked one the CPU is free already. */
  get held(): Allocation {
    return this.isBlocked ? partOf(this.allocation, false) : this.allocation;
  }
}

/** The CPU of an allocation, or all but that. */
export function partOf(allocation: Allocation, isCpu: boolean): Allocation {
  return new Map([...allocation].filter(([id]) => id.isCpu === isCpu));
}
