/** The actors of a runtime: where each one lives, its name, and what becomes of it when its worker dies. */
import { ActorDiedError, ActorNameTakenError } from '../../../state/errors.ts';
import type { ObjectRef } from '../../client/object-ref.ts';
import { decodeError, type ErrorParts, packError } from '../link/error-codec.ts';
import { type ActorNews, type ActorPlan, type ActorState, KILLED } from '../link/messages.ts';

/** Restarts are at most this far apart. */
const RESTART_DELAY_MAX_MS = 10_000;

/** Ended actors whose reasons are kept for those who come late. */
const DEAD_KEPT = 1_000;

interface Asker {
  resolve(news: ActorNews): void;
  reject(error: Error): void;
}

interface ActorRecord {
  readonly actor: number;
  readonly plan: ActorPlan;
  /** What the arguments of its constructor name: kept for its restarts. */
  readonly objects: readonly ObjectRef[];
  state: ActorState;
  thread: number;
  restarts: number;
  reason: string | undefined;
  error: ErrorParts | undefined;
  /** Threads that have a handle. */
  readonly watchers: Set<number>;
  /** Who waits until it is made, or gone. */
  askers: Asker[];
  enders: (() => void)[];
}

/** What the directory needs of the scheduler. */
export interface ActorHome {
  /** Wants a worker for it, which {@link ActorDirectory.placed} names; the error says why there will be none. */
  place(actor: number, plan: ActorPlan): Error | undefined;
  /** It lives nowhere any more, or is not to be placed any more. */
  displaced(actor: number, plan: ActorPlan): void;
  make(thread: number, actor: number, plan: ActorPlan): void;
  end(thread: number, actor: number, drain: boolean): void;
  tell(thread: number, news: ActorNews): void;
  after(delayMs: number, run: () => void): void;
}

export class ActorDirectory {
  readonly #home: ActorHome;
  readonly #actors = new Map<number, ActorRecord>();
  readonly #byName = new Map<string, ActorRecord>();
  /** The latest of those that have ended, oldest first. */
  readonly #dead: number[] = [];
  #lastActor = 0;

  constructor(home: ActorHome) {
    this.#home = home;
  }

  /** Actors that are not dead. */
  get living(): number {
    let living = 0;
    for (const { state } of this.#actors.values()) if (state !== 'dead') living++;
    return living;
  }

  livesOn(thread: number): boolean {
    for (const record of this.#actors.values())
      if (record.thread === thread && record.state !== 'dead') return true;
    return false;
  }

  /** Makes an actor; the promise ends when it lives. */
  spawn(plan: ActorPlan, objects: readonly ObjectRef[], watcher: number): Promise<ActorNews> {
    const { actorName } = plan;
    if (actorName !== undefined && this.#byName.has(actorName)) {
      for (const object of objects) object.release();
      return Promise.reject(
        new ActorNameTakenError(`a living actor is called ${actorName} already`, { name: actorName }),
      );
    }
    const record: ActorRecord = {
      actor: ++this.#lastActor,
      plan,
      objects,
      state: 'pending',
      thread: -1,
      restarts: 0,
      reason: undefined,
      error: undefined,
      watchers: new Set([watcher]),
      askers: [],
      enders: [],
    };
    this.#actors.set(record.actor, record);
    if (actorName !== undefined) this.#byName.set(actorName, record);
    return new Promise((resolve, reject) => {
      record.askers.push({ resolve, reject });
      this.#place(record);
    });
  }

  /** The living actor of a name. */
  find(name: string, watcher: number): ActorNews | undefined {
    const record = this.#byName.get(name);
    return record === undefined ? undefined : this.news(record.actor, watcher);
  }

  /** What is known of an actor; the watcher hears of changes from now on. */
  news(actor: number, watcher: number): ActorNews {
    const record = this.#actors.get(actor);
    if (record === undefined) return { actor, state: 'dead', thread: -1, reason: 'it is not known any more' };
    record.watchers.add(watcher);
    return newsOf(record);
  }

  /** There is a worker for it. */
  placed(actor: number, thread: number): void {
    const record = this.#actors.get(actor);
    if (record === undefined || record.state === 'dead') return;
    record.thread = thread;
    this.#home.make(thread, actor, record.plan);
  }

  /** A worker has made it, or could not. */
  made(actor: number, error: ErrorParts | undefined): void {
    const record = this.#actors.get(actor);
    if (record === undefined || record.state === 'dead') return;
    if (error !== undefined) {
      this.#die(record, 'its constructor failed', error);
      return;
    }
    record.state = 'alive';
    this.#announce(record);
    for (const { resolve } of record.askers.splice(0)) resolve(newsOf(record));
  }

  /** Ends an actor; the promise ends when it has gone. Throws `ActorDiedError` when it is dead. */
  end(actor: number, drain: boolean): Promise<void> {
    const record = this.#actors.get(actor);
    if (record === undefined || record.state === 'dead')
      return Promise.reject(new ActorDiedError('the actor is dead', { actor, reason: record?.reason }));
    const wasAlive = record.state === 'alive';
    if (!wasAlive || !drain) {
      const { thread } = record;
      this.#die(record, drain ? 'it was stopped' : KILLED, undefined);
      if (thread >= 0) this.#home.end(thread, actor, false);
      return Promise.resolve();
    }
    this.#home.end(record.thread, actor, true);
    return new Promise((resolve) => record.enders.push(resolve));
  }

  /** A worker has let it go. */
  gone(actor: number): void {
    const record = this.#actors.get(actor);
    if (record !== undefined && record.state !== 'dead') this.#die(record, 'it was stopped', undefined);
  }

  /** A thread has died, with the actors that lived there. */
  threadGone(thread: number, death: Error): void {
    for (const record of this.#actors.values()) {
      record.watchers.delete(thread);
      if (record.thread === thread && record.state !== 'dead') this.#lost(record, death);
    }
  }

  /** Its actors end with it, as in Ray: what they were given is others' now. */
  groupRemoved(group: string): void {
    for (const record of this.#actors.values()) {
      if (record.plan.demands.placementGroup !== group || record.state === 'dead') continue;
      const { thread, actor } = record;
      this.#die(record, 'its placement group was removed', undefined);
      if (thread >= 0) this.#home.end(thread, actor, false);
    }
  }

  /** All end, at once. Nobody is told: whoever still asks hears that the runtime was closed. */
  close(): void {
    for (const record of this.#actors.values()) {
      if (record.state === 'dead') continue;
      record.state = 'dead';
      for (const object of record.objects) object.release();
    }
  }

  #place(record: ActorRecord): void {
    const problem = this.#home.place(record.actor, record.plan);
    if (problem === undefined) return;
    // The asker hears of it as it is, and not that an actor died which never lived.
    for (const { reject } of record.askers.splice(0)) reject(problem);
    this.#die(record, problem.message, packError(problem));
  }

  #lost(record: ActorRecord, death: Error): void {
    this.#home.displaced(record.actor, record.plan);
    record.thread = -1;
    if (record.restarts >= record.plan.maxRestarts || record.enders.length > 0) {
      this.#die(record, 'its worker died', packError(death));
      return;
    }
    const delayMs = Math.min(RESTART_DELAY_MAX_MS, record.plan.restartDelayMs * 2 ** record.restarts);
    record.restarts++;
    record.state = 'restarting';
    this.#announce(record);
    this.#home.after(delayMs, () => {
      if (record.state === 'restarting') this.#place(record);
    });
  }

  #die(record: ActorRecord, reason: string, error: ErrorParts | undefined): void {
    record.state = 'dead';
    record.reason = reason;
    record.error = error;
    this.#home.displaced(record.actor, record.plan);
    record.thread = -1;
    this.#dead.push(record.actor);
    if (this.#dead.length > DEAD_KEPT) this.#actors.delete(this.#dead.shift() ?? 0);
    const { actorName } = record.plan;
    if (actorName !== undefined) this.#byName.delete(actorName);
    for (const object of record.objects) object.release();
    this.#announce(record);
    const cause = error === undefined ? undefined : decodeError(error);
    const death = new ActorDiedError(
      `the actor is dead: ${reason}`,
      { actor: record.actor, reason },
      { cause },
    );
    for (const { reject } of record.askers.splice(0)) reject(death);
    for (const tell of record.enders.splice(0)) tell();
  }

  #announce(record: ActorRecord): void {
    const news = newsOf(record);
    for (const watcher of record.watchers) this.#home.tell(watcher, news);
  }
}

function newsOf({ actor, state, thread, reason, error }: ActorRecord): ActorNews {
  return {
    actor,
    state,
    thread,
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
  };
}
