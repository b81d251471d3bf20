/** Calls that wait for objects: how long, and what comes of them. */
import type { Answer, Name, Seen } from './action.ts';
import type { Call, Calls, Verdict } from './calls.ts';
import { IDS } from './commands.ts';
import type { Model, ModelObject } from './model.ts';
import type { ObjectSteps } from './object-steps.ts';
import type { Command, World } from './world.ts';

const NAMES_MAX = 3;

/** A name as its caller has it: a ref leads to its object also when it has been released since. */
interface Target {
  readonly name: Name;
  readonly object: ModelObject | undefined;
}

/** What an object that is waited for has come to. */
type Readiness = 'pending' | 'ready' | 'gone' | 'unsure';

export class WaitSteps {
  readonly #world: World;
  readonly #model: Model;
  readonly #calls: Calls;
  readonly #objects: ObjectSteps;

  constructor(world: World, calls: Calls, objects: ObjectSteps) {
    this.#world = world;
    this.#model = world.model;
    this.#calls = calls;
    this.#objects = objects;
  }

  /** False when it is no command that waits. */
  async step(command: Command): Promise<boolean> {
    const { what, pick } = command;
    switch (what) {
      case 'startGet':
      case 'startWait':
      case 'getNow':
      case 'waitNow': {
        const [thread, targets] = this.#targets(command);
        if (targets.some(({ object }) => object !== undefined && !this.#model.isSure(object))) return true;
        if (what === 'startGet') await this.#startGet(thread, targets, pick % 4 === 0);
        else if (what === 'startWait') await this.#startWait(thread, targets, pick);
        else await this.#now(thread, targets, what, pick % (targets.length + 1));
        return true;
      }
      case 'cancel':
        await this.#calls.cancel(pick);
        return true;
      default:
        return false;
    }
  }

  /** Up to three names for one thread, some of them by id; one may be there twice. */
  #targets({ thread: asked, pick, other, id, sync, flag }: Command): [thread: number, targets: Target[]] {
    const count = Math.max(1, Math.floor(other / 2) % (NAMES_MAX + 1));
    const ref = this.#world.chooseRef(pick, other, sync ? asked : undefined);
    const thread = ref?.[1].thread ?? asked;
    const targets = Array.from({ length: count }, (_, index): Target[] => {
      if (id !== undefined && flag !== index > 0) {
        const chosen = (id + index) % IDS;
        return [{ name: { id: chosen }, object: this.#model.named(chosen) }];
      }
      const one =
        index === 0 ? ref : this.#world.choose(this.#model.refs, pick + index * (1 + (other % 5)), thread);
      return one === undefined ? [] : [{ name: { ref: one[0] }, object: one[1].object }];
    });
    return [thread, targets.flat()];
  }

  #startGet(thread: number, targets: readonly Target[], asList: boolean): Promise<void> {
    const list = asList || targets.length > 1;
    const [first] = targets;
    if (first === undefined) return Promise.resolve();
    const what = list ? 'get several' : 'id' in first.name ? 'get id' : 'get ref';
    // Only its first look asks for what is gone while others are still to come.
    const isLost = list && targets.some((target) => this.#readiness(target) === 'gone');
    let isFirst = true;
    const look = (): Verdict => {
      if (isFirst && isLost) return { is: 'over', answer: 'ObjectNotFoundError', seen: [] };
      isFirst = false;
      return this.#lookAll(targets);
    };
    const take = (answer: string, seen: readonly Seen[]): void => this.#take(thread, targets, answer, seen);
    return this.#start(
      thread,
      { do: 'startGet', names: namesOf(targets), list },
      { thread, what, look, take },
    );
  }

  #startWait(thread: number, targets: readonly Target[], pick: number): Promise<void> {
    const count = pick % (targets.length + 1);
    const look = (): Verdict => this.#lookWait(targets, count);
    const call: Call = { thread, what: 'wait', look, take: () => {} };
    return this.#start(thread, { do: 'startWait', names: namesOf(targets), count }, call);
  }

  async #start(
    thread: number,
    action:
      | { do: 'startGet'; names: Name[]; list: boolean }
      | { do: 'startWait'; names: Name[]; count: number },
    call: Call,
  ): Promise<void> {
    const key = this.#model.key();
    await this.#world.expect(thread, { ...action, key }, 'ok');
    this.#calls.add(key, call);
  }

  /** Without waiting. */
  async #now(
    thread: number,
    targets: readonly Target[],
    what: 'getNow' | 'waitNow',
    count: number,
  ): Promise<void> {
    const readiness = targets.map((target) => this.#readiness(target));
    const isMissing = readiness.includes('pending');
    let expected: Answer = 'ok';
    if (what === 'waitNow') expected = readyOf(readiness);
    else if (readiness.includes('gone')) expected = 'ObjectNotFoundError';
    else if (isMissing) expected = 'TimedOutError';
    const seen = expected === 'ok' ? this.#seen(targets) : [];
    await this.#world.expect(thread, { do: what, names: namesOf(targets), count, seen }, expected);
    if (expected === 'ok') this.#take(thread, targets, 'ok', seen);
  }

  #readiness({ name, object: ofRef }: Target): Readiness {
    const object = 'ref' in name ? ofRef : this.#model.named(name.id);
    switch (object?.state) {
      case undefined:
      case 'writing':
        return 'pending';
      case 'abandoned':
        // Its id will be free, and may be used again; a ref will say that it is gone.
        return 'ref' in name ? 'unsure' : 'pending';
      case 'sealed':
        // Who waits by a ref keeps it.
        return 'ref' in name || this.#model.isSure(object!) ? 'ready' : 'unsure';
      case 'gone':
        return 'gone';
    }
  }

  #lookAll(targets: readonly Target[]): Verdict {
    const readiness = targets.map((target) => this.#readiness(target));
    const isReleased = this.#hasReleased(targets);
    const isGone = readiness.includes('gone');
    const failures = [
      ...(isReleased ? ['RefReleasedError'] : []),
      ...(isGone ? ['ObjectNotFoundError'] : []),
    ];
    const [failure] = failures;
    if (readiness.includes('pending')) return pendingBut(failures);
    if (readiness.includes('unsure')) {
      const answers = ['ok', 'ObjectNotFoundError', ...failures];
      return { is: 'unsure', answers, seen: this.#seen(targets) };
    }
    return { is: 'over', answer: failure ?? 'ok', seen: failure === undefined ? this.#seen(targets) : [] };
  }

  #lookWait(targets: readonly Target[], count: number): Verdict {
    const readiness = targets.map((target) => this.#readiness(target));
    const unsure = readiness.filter((one) => one === 'unsure').length;
    const ready = readiness.filter((one) => one === 'ready' || one === 'gone').length;
    const failures = this.#hasReleased(targets) ? ['RefReleasedError'] : [];
    if (ready + unsure < count) return pendingBut(failures);
    if (unsure > 0) return { is: 'unsure', answers: [...answersOf(readiness), ...failures], seen: [] };
    return { is: 'over', answer: failures[0] ?? readyOf(readiness), seen: [] };
  }

  #hasReleased(targets: readonly Target[]): boolean {
    return targets.some(({ name }) => 'ref' in name && this.#model.released.has(name.ref));
  }

  /** What each name shows, if it shows anything. */
  #seen(targets: readonly Target[]): Seen[] {
    return targets.flatMap((target) => {
      const object = this.#objectOf(target);
      return object === undefined ? [] : [this.#objects.seen(object)];
    });
  }

  #objectOf({ name, object }: Target): ModelObject | undefined {
    return 'ref' in name ? object : this.#model.named(name.id);
  }

  #take(thread: number, targets: readonly Target[], answer: string, seen: readonly Seen[]): void {
    if (answer !== 'ok') return;
    for (const [index, target] of targets.entries()) {
      const object = this.#objectOf(target);
      const view = seen[index]?.view;
      if (object !== undefined && view !== undefined) this.#model.see(view, thread, object);
    }
  }
}

function namesOf(targets: readonly Target[]): Name[] {
  return targets.map(({ name }) => name);
}

/**
 * While something is still to come, what makes the call fail is seen whenever it looks again; and that is also when an object
 * goes that had the id which it waits for.
 */
function pendingBut(failures: readonly string[]): Verdict {
  return failures.length === 0 ? { is: 'pending' } : { is: 'unsure', answers: failures, seen: [] };
}

/** The positions of what is ready: what is gone counts, for a get to say so. */
function readyOf(readiness: readonly Readiness[]): string {
  return `ready ${readiness.flatMap((one, index) => (one === 'pending' ? [] : [index])).join()}`;
}

/** All that a wait may say while nobody knows whether some of the objects are there. */
function answersOf(readiness: readonly Readiness[]): string[] {
  const index = readiness.indexOf('unsure');
  if (index < 0) return [readyOf(readiness)];
  const ways: readonly Readiness[] = ['pending', 'ready'];
  return ways.flatMap((way) => answersOf(readiness.with(index, way)));
}
