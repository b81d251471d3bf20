/** What all steps of one life share: the model, the threads, and what the two say to each other. */
import * as assert from 'uvu/assert';
import type { Store } from '../../src/index.ts';
import type { Action, Answer, Outcome } from './action.ts';
import type { Held, Model } from './model.ts';
import type { Threads } from './threads.ts';

/** A command as fast-check makes it; what it means depends on what there is. */
export interface Command {
  readonly what: What;
  readonly thread: number;
  readonly pick: number;
  /** Another number to choose by. */
  readonly other: number;
  readonly size: number;
  readonly id: number | undefined;
  readonly sync: boolean;
  readonly flag: boolean;
}

/** Commands in the order of their steps; `nothing` and its like are the run's own. */
export type What = Exclude<
  Action['do'],
  'nothing' | 'dropAll' | 'settle' | 'connect' | 'blockedGet' | 'token'
>;

/** A key, and what the model knows of it. */
export type Chosen<T> = readonly [key: number, held: T];

export class World {
  readonly model: Model;
  readonly store: Store;
  readonly #threads: Threads;
  readonly #met: Map<string, number>;
  /** Calls that each thread says are over. */
  readonly settled: (readonly number[])[] = [];
  /** How often something was asked. */
  asked = 0;

  constructor(model: Model, store: Store, threads: Threads, met: Map<string, number>) {
    this.model = model;
    this.store = store;
    this.#threads = threads;
    this.#met = met;
  }

  /** Runs it in a thread; no view may be wrong there afterwards. */
  async ask(thread: number, action: Action, name: string = action.do): Promise<Answer> {
    this.asked++;
    const { answer, wrong, settled }: Outcome = await this.#threads.ask(thread, action);
    assert.equal(wrong, [], `after ${action.do} in thread ${thread}`);
    this.settled[thread] = settled;
    this.meet(`${name}: ${nameOf(answer)}`);
    return answer;
  }

  async expect(thread: number, action: Action, expected: Answer, name?: string): Promise<void> {
    const answer = await this.ask(thread, action, name);
    assert.is(answer, expected, `${JSON.stringify(action)} in thread ${thread}`);
  }

  /** Asks about an object that may have been lost meanwhile, and learns it. False when it has. */
  async learn(
    thread: number,
    action: Action,
    object: Held['object'],
    found: Answer,
    lost: Answer,
  ): Promise<boolean> {
    if (this.model.isSure(object)) {
      await this.expect(thread, action, found);
      return true;
    }
    const answer = await this.ask(thread, action);
    const told = `${JSON.stringify(action)} in thread ${thread}: ${String(answer)}`;
    assert.ok(answer === found || answer === lost, told);
    if (answer === lost) this.model.lost(object);
    return answer === found;
  }

  meet(what: string): void {
    this.#met.set(what, (this.#met.get(what) ?? 0) + 1);
  }

  /** One of them, or nothing; of one thread's own if that is asked for. */
  choose<T extends { readonly thread: number }>(
    things: ReadonlyMap<number, T>,
    pick: number,
    thread?: number,
  ): Chosen<T> | undefined {
    const all = [...things];
    const own = thread === undefined ? all : all.filter(([, one]) => one.thread === thread);
    return own[pick % own.length];
  }

  /** One of the refs; often one of an object that is still being written: there are few, and much can happen to them. */
  chooseRef(pick: number, other: number, thread?: number): Chosen<Held> | undefined {
    const { refs } = this.model;
    const written = new Map([...refs].filter(([, { object }]) => object.state === 'writing'));
    return (
      (other % 2 === 0 ? this.choose(written, pick, thread) : undefined) ?? this.choose(refs, pick, thread)
    );
  }
}

/** For the list of what has to happen: answers are too many, kinds of answers are not. */
function nameOf(answer: Answer): string {
  if (typeof answer === 'boolean') return String(answer);
  if (typeof answer !== 'string') return 'ok';
  return /^(?:ready|\w+Error$)/.exec(answer)?.[0] ?? 'ok';
}
