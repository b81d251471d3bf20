/**
 * The scheduler: knows all threads of a runtime, links those that have to do with each other, leases workers to callers and
 * places actors. It has a thread of its own, so that a busy caller holds nobody up, and hears of calls only as numbers.
 */
import { createLink } from '../../../pools/runtime/link.ts';
import { WorkerDiedError } from '../../../state/errors.ts';
import type { ObjectRef } from '../../client/object-ref.ts';
import type { Store } from '../../client/store.ts';
import { packError } from '../link/error-codec.ts';
import type {
  ActorNews,
  ActorPlan,
  Demands,
  Question,
  RuntimeStatistics,
  SchedulerMessage,
  StoreRecord,
  ToScheduler,
} from '../link/messages.ts';
import { locatePayload } from '../link/payload.ts';
import { ActorDirectory } from './actor-directory.ts';
import { GroupDirectory } from './group-directory.ts';
import { LeaseDesk, type WorkerTemplate } from './lease-desk.ts';

/** A thread as the scheduler talks to it. */
export interface ThreadLine {
  readonly index: number;
  readonly name: string;
  tell(message: SchedulerMessage): void;
}

/** A lease that others wait for is recalled after so long. */
const LEASE_QUANTUM_MS = 20;

/** What the scheduler asks for beyond its own knowledge. */
export interface SchedulerShell {
  /** There is more to do than the workers there are can take; so many may come beyond the most, for those that block. */
  wantWorker(standIns: number): void;
  /** Ends a worker's thread. */
  terminate(thread: number, death: Error): void;
  /** The function returned ends it. */
  after(delayMs: number, run: () => void): () => void;
  close(deadlineMs: number): Promise<void>;
}

interface ThreadRecord {
  readonly line: ThreadLine;
  readonly links: Set<number>;
  /** A worker's record in the store. */
  client: StoreRecord | undefined;
  /** What its classes of calls ask for. */
  readonly classes: Demands[];
}

export class SchedulerActor {
  readonly #store: Store;
  readonly #shell: SchedulerShell;
  readonly #threads = new Map<number, ThreadRecord>();
  readonly #desk: LeaseDesk;
  readonly #actors: ActorDirectory;
  readonly #groups: GroupDirectory;

  constructor(store: Store, shell: SchedulerShell, template: WorkerTemplate) {
    this.#store = store;
    this.#shell = shell;
    this.#desk = new LeaseDesk(
      {
        granted: (thread, classNumber, lease, worker) => {
          this.#link(thread, worker);
          const client = this.#threads.get(worker)?.client?.index ?? -1;
          this.#tell(thread, { type: 'lease', lease, classNumber, thread: worker, client });
        },
        recalled: (worker, lease, caller) => this.#tell(worker, { type: 'closeLane', lease, caller }),
        infeasible: (thread, classNumber, error) => this.#tellInfeasible(thread, classNumber, error),
        placed: (actor, worker) => this.#actors.placed(actor, worker),
        groupReady: (group) => this.#groups.ready(group),
      },
      template,
      (delayMs, run) => shell.after(delayMs, run),
      LEASE_QUANTUM_MS,
    );
    this.#actors = new ActorDirectory({
      place: (actor, { demands }) => this.#desk.placeActor(actor, demands),
      displaced: (actor, { demands }) => this.#desk.releaseActor(actor, demands),
      make: (thread, actor, plan) => this.#tell(thread, { type: 'makeActor', actor, plan }),
      end: (thread, actor, drain) => this.#tell(thread, { type: 'endActor', actor, drain }),
      tell: (thread, news) => {
        if (news.state === 'alive') this.#link(thread, news.thread);
        this.#tell(thread, { type: 'actor', news });
      },
      after: (delayMs, run) => {
        shell.after(delayMs, () => {
          run();
          this.#advance();
        });
      },
    });
    this.#groups = new GroupDirectory(this.#desk);
  }

  /** A thread takes part from now on. */
  join(line: ThreadLine): void {
    this.#threads.set(line.index, { line, links: new Set(), client: undefined, classes: [] });
  }

  /** A worker serves; `client` is its record in the store. */
  workerReady(thread: number, client: StoreRecord): void {
    const record = this.#threads.get(thread);
    if (record !== undefined) record.client = client;
    this.#desk.addWorker(thread);
    this.#advance();
  }

  /** A thread has ended; `name` is what its calls' errors say. */
  left(thread: number, death: Error): void {
    const record = this.#threads.get(thread);
    if (record === undefined) return;
    this.#threads.delete(thread);
    this.#desk.removeWorker(thread);
    this.#desk.threadGone(thread);
    const error = packError(death);
    for (const peer of record.links) {
      this.#threads.get(peer)?.links.delete(thread);
      this.#tell(peer, { type: 'gone', peer: thread, worker: record.line.name, error });
    }
    this.#actors.threadGone(thread, death);
    this.#advance();
  }

  hear(thread: number, message: ToScheduler): void {
    switch (message.type) {
      case 'request':
        this.#request(thread, message);
        return;
      case 'returnLease':
      case 'laneClosed':
        this.#desk.returnLease(message.lease);
        this.#advance();
        return;
      case 'blocked':
        for (const lane of message.lanes) this.#desk.blocked(lane);
        this.#advance();
        return;
      case 'unblocked':
        for (const lane of message.lanes) this.#desk.unblocked(lane);
        return;
      case 'standAside':
      case 'standBack':
        this.#desk.standAside(thread, message.type === 'standAside');
        this.#advance();
        return;
      case 'actorMade':
        this.#actors.made(message.actor, message.error);
        this.#advance();
        return;
      case 'actorGone':
        this.#actors.gone(message.actor);
        this.#advance();
        return;
      case 'ask':
        this.#answer(thread, message.request, message.question);
        return;
    }
  }

  /** Whether a worker has nothing to do. */
  isIdle(thread: number): boolean {
    return this.#desk.isIdle(thread) && !this.#actors.livesOn(thread);
  }

  /** A worker is told to go. */
  retiring(thread: number): void {
    this.#desk.drain(thread);
  }

  close(): void {
    this.#actors.close();
  }

  #request(thread: number, message: ToScheduler & { readonly type: 'request' }): void {
    const record = this.#threads.get(thread);
    if (record === undefined) return;
    const { classNumber, wanted, priority, holders } = message;
    if (message.demands !== undefined) record.classes[classNumber] = message.demands;
    const demands = record.classes[classNumber];
    if (demands === undefined) return;
    let problem: Error | undefined;
    try {
      problem = this.#desk.request(thread, classNumber, demands, priority, wanted, this.#workersOf(holders));
    } catch (error) {
      // What one thread asks for may not end the scheduler of all.
      problem = asError(error);
    }
    if (problem !== undefined) this.#tellInfeasible(thread, classNumber, problem);
    this.#advance();
  }

  #tellInfeasible(thread: number, classNumber: number, problem: Error): void {
    this.#tell(thread, { type: 'infeasible', classNumber, error: packError(problem) });
  }

  #workersOf(clients: readonly number[]): number[] {
    if (clients.length === 0) return [];
    const workers = [...this.#threads.values()].filter(
      ({ client }) => client !== undefined && clients.includes(client.index),
    );
    return workers.map(({ line }) => line.index);
  }

  #answer(thread: number, request: number, question: Question): void {
    this.#ask(thread, question).then(
      (value) => this.#tell(thread, { type: 'reply', request, value }),
      (error: unknown) => {
        this.#tell(thread, { type: 'reply', request, error: packError(asError(error)) });
      },
    );
  }

  async #ask(thread: number, question: Question): Promise<unknown> {
    switch (question.kind) {
      case 'spawn': {
        const spawned = this.#actors.spawn(question.plan, this.#hold(question.plan), thread);
        this.#advance();
        return spawned;
      }
      case 'findActor':
        return this.#linked(thread, this.#actors.find(question.name, thread));
      case 'actor':
        return this.#linked(thread, this.#actors.news(question.actor, thread));
      case 'endActor':
        return this.#actors.end(question.actor, question.drain);
      case 'createGroup': {
        const ready = this.#groups.create(question.group, question.bundles, question.strategy);
        this.#advance();
        return ready;
      }
      case 'removeGroup':
        this.#groups.remove(question.group);
        this.#actors.groupRemoved(question.group);
        return this.#advance();
      case 'stats':
        return this.#statistics();
      case 'close':
        return this.#shell.close(question.deadlineMs);
      case 'terminate':
        return this.#shell.terminate(question.thread, new WorkerDiedError('it was terminated'));
    }
  }

  /** Whoever knows where an actor lives can call it. */
  #linked(thread: number, news: ActorNews | undefined): ActorNews | undefined {
    if (news?.state === 'alive') this.#link(thread, news.thread);
    return news;
  }

  /** The objects of an actor's arguments, for as long as it may be made again. */
  #hold({ payload }: ActorPlan): ObjectRef[] {
    const { name } = this.#store;
    return locatePayload(payload, 0).places.map(({ slot, generation }) =>
      this.#store.ref({ store: name, slot, generation }),
    );
  }

  #advance(): void {
    this.#desk.schedule();
    if (this.#desk.hasDemand) this.#shell.wantWorker(this.#desk.standIns);
  }

  /** Gives two threads memory to call each other by. */
  #link(one: number, other: number): void {
    const record = this.#threads.get(one);
    const peer = this.#threads.get(other);
    if (record === undefined || peer === undefined || record.links.has(other)) return;
    const memory = createLink();
    record.links.add(other);
    peer.links.add(one);
    this.#tell(one, { type: 'link', peer: other, memory, client: peer.client });
    if (one !== other) this.#tell(other, { type: 'link', peer: one, memory, client: record.client });
  }

  #tell(thread: number, message: SchedulerMessage): void {
    this.#threads.get(thread)?.line.tell(message);
  }

  #statistics(): Omit<RuntimeStatistics, 'calls'> {
    const { workers, leases, waitingLeases } = this.#desk.stats();
    return { workers, leases, waiting: waitingLeases, actors: this.#actors.living };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
