/** One run of the model test: a naive model of the store, and what a random command means and must answer at its time. */
import { setTimeout as delay } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Store } from '../../src/index.ts';
import { type Action, idOf, type Outcome } from './model-hands.ts';

const HEX = /^[0-9a-f]{56}$/;
/** Bytes one run may create. */
const RUN_BYTES = 1_000_000;

interface ModelObject {
  readonly key: number;
  readonly size: number;
  readonly id: number | undefined;
  hex: string | undefined;
  /** Abandoned: its slot was forgotten, and the collection of the slot aborts it. */
  state: 'writing' | 'abandoned' | 'sealed' | 'gone';
  /** Keys of refs and of the slot that hold it: the threads that have them. */
  readonly holders: Map<number, number>;
  /** Some ref or slot was forgotten: nobody knows when its collection comes. */
  forgotten: boolean;
  views: number;
}

interface Held {
  readonly thread: number;
  readonly object: ModelObject;
}

/** A command as fast-check makes it; what it means depends on what there is. */
export interface Command {
  readonly what: Action['do'];
  readonly thread: number;
  readonly pick: number;
  readonly size: number;
  readonly id: number | undefined;
  readonly sync: boolean;
}

/** Plain objects that know what the store must answer. */
class Model {
  readonly objects: ModelObject[] = [];
  readonly refs = new Map<number, Held>();
  readonly slots = new Map<number, Held>();
  readonly views = new Map<number, Held>();
  #nextKey = 1;

  /** The bytes of all that may still be somewhere. */
  get bytes(): number {
    return this.objects.reduce((sum, { size }) => sum + size, 0);
  }

  /** The object that has the id; `unsure` when that depends on the collector. */
  named(id: number): ModelObject | 'unsure' | undefined {
    const alive = this.objects.filter((object) => object.id === id && object.state !== 'gone');
    const isUnsure = ({ state, forgotten, holders }: ModelObject): boolean =>
      state === 'abandoned' || (forgotten && holders.size === 0);
    if (alive.some(isUnsure)) return 'unsure';
    return alive[0];
  }

  key(): number {
    return this.#nextKey++;
  }

  drop(key: number, held: Held, forgotten: boolean): void {
    held.object.holders.delete(key);
    held.object.forgotten ||= forgotten;
    if (held.object.holders.size === 0 && !held.object.forgotten) held.object.state = 'gone';
  }
}

/** Everything of one run: the model, both threads' hands, and what the next command means. */
export class Run {
  readonly model = new Model();
  readonly #threads: readonly ((action: Action) => Promise<Outcome>)[];
  readonly #store: Store;
  readonly #met: Map<string, number>;

  constructor(
    store: Store,
    threads: readonly ((action: Action) => Promise<Outcome>)[],
    met: Map<string, number>,
  ) {
    this.#store = store;
    this.#threads = threads;
    this.#met = met;
  }

  async step(command: Command): Promise<void> {
    await this.#command(command);
    await this.act(1 - command.thread, { do: 'nothing' });
    this.#compareList();
  }

  /** Runs it in a thread; no view may be wrong there afterwards. */
  async act(thread: number, action: Action): Promise<Outcome['answer']> {
    const outcome = await this.#threads[thread]?.(action);
    assert.equal(outcome?.wrong, [], `after ${action.do} in thread ${thread}`);
    const answer = outcome?.answer ?? 'no such thread';
    const isError = typeof answer === 'string' && answer.endsWith('Error');
    this.#meet(`${action.do}: ${typeof answer === 'boolean' || isError ? answer : 'ok'}`);
    return answer;
  }

  async #expect(thread: number, action: Action, expected: string | boolean): Promise<void> {
    assert.is(await this.act(thread, action), expected, `${JSON.stringify(action)} in thread ${thread}`);
  }

  #meet(what: string): void {
    this.#met.set(what, (this.#met.get(what) ?? 0) + 1);
  }

  /** One of the thread's own, or nothing. */
  #choose(held: ReadonlyMap<number, Held>, { thread, pick }: Command): [number, Held] | undefined {
    const own = [...held].filter(([, one]) => one.thread === thread);
    return own[pick % own.length];
  }

  async #command(command: Command): Promise<void> {
    const { what, thread, id } = command;
    switch (what) {
      case 'put':
      case 'create':
        return this.#make(command, what);
      case 'seal':
      case 'abort':
      case 'forgetSlot':
        return this.#endSlot(command, what);
      case 'byToken':
        return this.#pass(command);
      case 'releaseView':
      case 'forgetView': {
        const chosen = this.#choose(this.model.views, command);
        if (chosen === undefined) return;
        this.model.views.delete(chosen[0]);
        chosen[1].object.views--;
        return this.#expect(thread, { do: what, key: chosen[0] }, what === 'releaseView' ? true : 'ok');
      }
      case 'byId':
      case 'deleteId':
      case 'containsId':
        return id === undefined ? undefined : this.#byId(command, what, id);
      case 'collect':
        return this.#expect(thread, { do: 'collect' }, 'ok');
      default:
        return this.#onRef(command);
    }
  }

  async #make({ thread, size, id, sync }: Command, what: 'put' | 'create'): Promise<void> {
    const { model } = this;
    const named = id === undefined ? undefined : model.named(id);
    // The store would wait or fall over to the disk before it is full; how it fails then is another test's business.
    if (named === 'unsure' || model.bytes + size > RUN_BYTES) return;
    const key = model.key();
    const answer = await this.act(thread, { do: what, key, object: key, size, id, sync });
    const told = `${what} of ${size} bytes, id ${id}, in thread ${thread}: ${String(answer)}`;
    if (named !== undefined) return assert.is(answer, 'ObjectExistsError', told);
    const state = what === 'put' ? 'sealed' : 'writing';
    const hex = typeof answer === 'string' && what === 'put' ? answer : undefined;
    if (what === 'create') assert.is(answer, 'ok', told);
    else assert.match(String(answer), HEX, told);
    if (id !== undefined && hex !== undefined) assert.is(hex, idOf(id).hex);
    const object: ModelObject = { key, size, id, hex, state, holders: new Map(), forgotten: false, views: 0 };
    object.holders.set(key, thread);
    model.objects.push(object);
    (what === 'put' ? model.refs : model.slots).set(key, { thread, object });
  }

  async #endSlot(command: Command, what: 'seal' | 'abort' | 'forgetSlot'): Promise<void> {
    const chosen = this.#choose(this.model.slots, command);
    if (chosen === undefined) return;
    const [key, held] = chosen;
    this.model.slots.delete(key);
    const answer = await this.act(command.thread, { do: what, key });
    if (what === 'forgetSlot') {
      held.object.state = 'abandoned';
      return this.model.drop(key, held, true);
    }
    if (what === 'abort') {
      assert.is(answer, 'ok');
      held.object.state = 'gone';
      held.object.holders.delete(key);
      return;
    }
    assert.match(String(answer), HEX, `sealing ${held.object.size} bytes`);
    held.object.state = 'sealed';
    held.object.hex = String(answer);
    this.model.refs.set(key, held);
  }

  /** A ref of the other thread's object, by its token. */
  async #pass(command: Command): Promise<void> {
    const other = 1 - command.thread;
    const chosen = this.#choose(this.model.refs, { ...command, thread: other });
    if (chosen === undefined) return;
    const [from, { object }] = chosen;
    if (object.state === 'abandoned') return;
    const token = await this.act(other, { do: 'token', key: from });
    if (typeof token !== 'object') throw new Error(`no token but ${String(token)}`);
    const key = this.model.key();
    const isThere = object.state !== 'gone';
    await this.#expect(command.thread, { do: 'byToken', key, token }, isThere ? 'ok' : 'ObjectNotFoundError');
    if (isThere) this.#hold(key, command.thread, object);
  }

  #hold(key: number, thread: number, object: ModelObject): void {
    object.holders.set(key, thread);
    this.model.refs.set(key, { thread, object });
  }

  async #byId({ thread }: Command, what: 'byId' | 'deleteId' | 'containsId', id: number): Promise<void> {
    const named = this.model.named(id);
    if (named === 'unsure') return;
    if (what === 'containsId') return this.#expect(thread, { do: what, id }, named?.state === 'sealed');
    if (what === 'deleteId') {
      const isWritten = named?.state === 'writing';
      await this.#expect(thread, { do: what, id }, isWritten ? 'ObjectNotSealedError' : named !== undefined);
      if (named !== undefined && !isWritten) named.state = 'gone';
      return;
    }
    const key = this.model.key();
    await this.#expect(thread, { do: what, key, id }, named === undefined ? 'ObjectNotFoundError' : 'ok');
    if (named !== undefined) this.#hold(key, thread, named);
  }

  async #onRef(command: Command): Promise<void> {
    const { thread, what, sync } = command;
    const chosen = this.#choose(this.model.refs, command);
    if (chosen === undefined) return;
    const [key, held] = chosen;
    const { object } = held;
    if (object.state === 'abandoned' && (what === 'get' || what === 'delete')) return;
    const missing = object.state === 'gone' ? 'ObjectNotFoundError' : 'ObjectNotSealedError';
    if (what === 'get') {
      const view = this.model.key();
      const isSealed = object.state === 'sealed';
      const action: Action = { do: 'get', key, view, object: object.key, size: object.size, sync };
      // Hands never wait: what is still being written is not to be had in no time.
      await this.#expect(
        thread,
        action,
        isSealed ? 'ok' : object.state === 'gone' ? missing : 'TimedOutError',
      );
      if (!isSealed) return;
      this.model.views.set(view, held);
      object.views++;
    } else if (what === 'contains') {
      await this.#expect(thread, { do: what, key }, object.state === 'sealed');
    } else if (what === 'delete') {
      const expected = object.state === 'writing' ? missing : object.state === 'sealed';
      await this.#expect(thread, { do: what, key }, expected);
      if (object.state === 'sealed') object.state = 'gone';
    } else if (what === 'releaseRef' || what === 'forgetRef') {
      this.model.refs.delete(key);
      await this.#expect(thread, { do: what, key }, 'ok');
      this.model.drop(key, held, what === 'forgetRef');
    }
  }

  /** Every object that must be there is listed once, as it is. */
  #compareList(): void {
    const listed = this.#store.list().filter(({ state }) => state !== 'deleting');
    const certain = this.model.objects.filter(
      ({ state, holders }) => (state === 'writing' || state === 'sealed') && holders.size > 0,
    );
    const unsure = this.model.objects.filter(({ forgotten }) => forgotten);
    const isRight = listed.length >= certain.length && listed.length <= certain.length + unsure.length;
    assert.ok(isRight, `${listed.length} listed, ${certain.length} must be, ${unsure.length} may be`);
    for (const object of certain) {
      if (object.hex === undefined) continue;
      const entry = listed.find(({ id }) => id.hex === object.hex);
      this.#meet(`in ${entry?.location}`);
      assert.is(entry?.sizeBytes, object.size);
      assert.is(entry?.state === 'sealed' || entry?.state === 'referenced', true);
      assert.ok((entry?.pins ?? -1) >= object.views, `${entry?.pins} pins for ${object.views} views`);
      const threads = new Set(object.holders.values()).size;
      if (!object.forgotten) assert.is(entry?.heldBy.length, threads, 'threads that have refs');
    }
  }

  /** Everything is dropped in both threads, and nothing is left. */
  async end(): Promise<void> {
    for (const thread of [0, 1]) await this.#expect(thread, { do: 'dropAll' }, 'ok');
    for (let attempt = 0; ; attempt++) {
      for (const thread of [0, 1]) await this.act(thread, { do: 'collect' });
      const { objectCount, primary, fallback } = await this.#store.stats();
      if (objectCount + primary.allocatedBytes + fallback.allocatedBytes === 0) break;
      if (attempt === 300) throw new Error(`never came back: ${JSON.stringify(this.#store.list())}`);
      await delay(2);
    }
    assert.equal(this.#store.list(), []);
    await this.#store.verify();
  }
}
