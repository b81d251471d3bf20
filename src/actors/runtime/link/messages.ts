/** Messages between threads and the scheduler, on ports: rare ones, as structured clones. */
import type { MessagePort } from 'node:worker_threads';
import type { PlacementStrategy } from '../../../state/scheduling/bundle-planning.ts';
import type { StoreHandle } from '../../client/store-owner.ts';
import type { DefinitionName } from '../task-registry.ts';
import type { ErrorParts } from './error-codec.ts';

/** What calls of one kind ask of a worker. */
export interface Demands {
  readonly resources: { readonly [name: string]: number };
  readonly labelSelector: { readonly [key: string]: string };
  readonly fallbackStrategy: readonly { readonly labelSelector: { readonly [key: string]: string } }[];
  readonly placementGroup: string | undefined;
  /** Undefined: any of the group's. */
  readonly bundle: number | undefined;
}

/** What a worker thread is started with. */
export interface WorkerStart {
  readonly index: number;
  readonly name: string;
  readonly board: SharedArrayBuffer;
  readonly store: StoreHandle;
  readonly mailbox: MessagePort;
  readonly heartbeatMs: number | undefined;
}

/** A worker's record in the store, as it is while the worker lives: it changes with the worker's death. */
export interface StoreRecord {
  readonly index: number;
  readonly state: number;
}

/** An actor's state, as those who have handles are told. */
export type ActorState = 'pending' | 'alive' | 'restarting' | 'dead';

/** Why an actor is dead that was ended at once: its calls end as well, those that run included. */
export const KILLED = 'it was killed';

/** What is known of an actor. */
export interface ActorNews {
  readonly actor: number;
  readonly state: ActorState;
  /** Where it lives while it is alive. */
  readonly thread: number;
  /** Why it died. */
  readonly reason?: string;
  readonly error?: ErrorParts;
}

/** How an actor is made. */
export interface ActorPlan extends DefinitionName {
  /** Encoded arguments of its constructor; objects among them are held by whoever made the plan. */
  readonly payload: Int32Array;
  readonly demands: Demands;
  readonly actorName: string | undefined;
  readonly maxConcurrency: number;
  readonly maxRestarts: number;
  readonly restartDelayMs: number;
}

/** Numbers of a runtime at one moment. */
export interface RuntimeStatistics {
  /** Threads that serve, or are about to. */
  readonly workers: number;
  /** Leases that callers hold on workers. */
  readonly leases: number;
  /** Leases that callers wait for. */
  readonly waiting: number;
  /** Actors that are not dead. */
  readonly actors: number;
  /** Calls of the thread that asks. */
  readonly calls: {
    /** Not sent to a worker yet. */
    readonly queued: number;
    /** Made and not settled, those queued included. */
    readonly underWay: number;
  };
}

/** From a thread to the scheduler. */
export type ToScheduler =
  | {
      readonly type: 'request';
      readonly classNumber: number;
      readonly demands?: Demands;
      readonly wanted: number;
      /** Of the call that is next. */
      readonly priority: number;
      /** Clients of the store that have what its arguments name: their workers are preferred. */
      readonly holders: readonly number[];
    }
  | { readonly type: 'returnLease'; readonly lease: number }
  | { readonly type: 'laneClosed'; readonly lease: number }
  | { readonly type: 'blocked' | 'unblocked'; readonly lanes: readonly number[] }
  /** A worker blocks for a result, and takes nothing new until it stands back. */
  | { readonly type: 'standAside' | 'standBack' }
  /** A worker serves. */
  | { readonly type: 'ready'; readonly client: StoreRecord }
  | { readonly type: 'ask'; readonly request: number; readonly question: Question }
  | { readonly type: 'actorMade'; readonly actor: number; readonly error?: ErrorParts }
  | { readonly type: 'actorGone'; readonly actor: number };

/** What the scheduler answers, by a `reply`. */
export type Question =
  | { readonly kind: 'spawn'; readonly plan: ActorPlan }
  | { readonly kind: 'findActor'; readonly name: string }
  | { readonly kind: 'actor'; readonly actor: number }
  | { readonly kind: 'endActor'; readonly actor: number; readonly drain: boolean }
  | {
      readonly kind: 'createGroup';
      readonly group: string;
      readonly bundles: readonly { readonly [name: string]: number }[];
      readonly strategy: PlacementStrategy;
    }
  | { readonly kind: 'removeGroup'; readonly group: string }
  | { readonly kind: 'stats' }
  | { readonly kind: 'close'; readonly deadlineMs: number }
  | { readonly kind: 'terminate'; readonly thread: number };

/** From the scheduler to a thread. */
export type SchedulerMessage =
  | {
      readonly type: 'link';
      readonly peer: number;
      readonly memory: SharedArrayBuffer;
      /** Undefined for the thread that started the runtime. */
      readonly client: StoreRecord | undefined;
    }
  | { readonly type: 'gone'; readonly peer: number; readonly worker: string; readonly error: ErrorParts }
  | {
      readonly type: 'lease';
      readonly lease: number;
      readonly classNumber: number;
      readonly thread: number;
      /** The worker's number in the store. */
      readonly client: number;
    }
  | { readonly type: 'infeasible'; readonly classNumber: number; readonly error: ErrorParts }
  | { readonly type: 'closeLane'; readonly lease: number; readonly caller: number }
  | { readonly type: 'makeActor'; readonly actor: number; readonly plan: ActorPlan }
  | { readonly type: 'endActor'; readonly actor: number; readonly drain: boolean }
  | { readonly type: 'actor'; readonly news: ActorNews }
  | {
      readonly type: 'reply';
      readonly request: number;
      readonly value?: unknown;
      readonly error?: ErrorParts;
    }
  | { readonly type: 'retire' };
