/** What a command on objects means in the model, and what it must answer at its time. */
import * as assert from 'uvu/assert';
import { type Action, type Answer, idOf, type Seen } from './action.ts';
import type { Held, Model, ModelObject } from './model.ts';
import { THREADS } from './threads.ts';
import type { Chosen, Command, World } from './world.ts';

const HEX = /^[0-9a-f]{56}$/;
/** Long enough to sleep, short enough to be over soon. */
const SHORT_MS = 1;

export class ObjectSteps {
  readonly #world: World;
  readonly #model: Model;

  constructor(world: World) {
    this.#world = world;
    this.#model = world.model;
  }

  /** False when it is no command on objects. What needs an object that there is not makes one. */
  async step(command: Command): Promise<boolean> {
    const { what, thread, sync } = command;
    switch (what) {
      case 'put':
      case 'create':
        await this.#make(command, what);
        return true;
      case 'seal':
      case 'abort':
      case 'forgetSlot':
        await this.#endSlot(command, what);
        return true;
      case 'byToken':
        await this.#byToken(command);
        return true;
      case 'releaseView':
      case 'forgetView':
        await this.#endView(command, what);
        return true;
      case 'byId':
      case 'deleteId':
      case 'containsId':
        await this.#byId(command, what);
        return true;
      case 'collect':
        await this.#world.expect(thread, { do: what, minor: sync }, 'ok');
        return true;
      case 'trim':
        await this.#world.expect(thread, { do: what }, 'ok');
        return true;
      case 'look':
        await this.#world.expect(thread, { do: what }, true);
        return true;
      case 'get':
      case 'getInto':
      case 'use':
      case 'delete':
      case 'contains':
        await this.#onRef(command, what);
        return true;
      case 'releaseRef':
      case 'forgetRef': {
        const chosen = this.#world.chooseRef(command.pick, command.other);
        if (chosen === undefined) await this.#make(command, 'put');
        else await this.#endRef(chosen, what, sync);
        return true;
      }
      default:
        return false;
    }
  }

  /** Of an object that a view is to show. */
  seen({ key, size }: ModelObject): Seen {
    return { view: this.#model.key(), object: key, size };
  }

  async #make(command: Command, what: 'put' | 'create'): Promise<void> {
    const { thread, size, id, sync, flag, other } = command;
    const model = this.#model;
    if (!model.ask(size)) return;
    const named = id === undefined ? undefined : model.named(id);
    const isTaken = named !== undefined && model.isSure(named);
    const key = model.key();
    const evictable = id !== undefined && (flag || other % 2 === 0);
    const answer = await this.#world.ask(thread, { do: what, key, object: key, size, id, evictable, sync });
    const told = `${what} of ${size} bytes, id ${id}, in thread ${thread}: ${String(answer)}`;
    if (isTaken) assert.is(answer, 'ObjectExistsError', told);
    if (named !== undefined && answer === 'ObjectExistsError') return;
    if (named !== undefined) model.lost(named);
    const hex = String(answer);
    assert.match(hex, HEX, told);
    if (id !== undefined) assert.is(hex, idOf(id).hex);
    const state = what === 'put' ? 'sealed' : 'writing';
    const object = model.add({ key, size, id, evictable, hex, state }, thread, key);
    const held = { thread, object };
    (what === 'put' ? model.refs : model.slots).set(key, held);
    // Mostly somebody knows of it before it is sealed: who waits needs that.
    if (what === 'create' && other % 4 > 0) await this.#pass((thread + other) % THREADS.length, [key, held]);
  }

  async #endSlot(command: Command, what: 'seal' | 'abort' | 'forgetSlot'): Promise<void> {
    const model = this.#model;
    const { pick, sync } = command;
    const chosen = this.#world.choose(model.slots, pick);
    if (chosen === undefined) return this.#make(command, 'create');
    const [key, { thread, object }] = chosen;
    model.slots.delete(key);
    if (what === 'seal') {
      await this.#seal(chosen, sync);
      object.state = 'sealed';
      model.refs.set(key, { thread, object });
      return;
    }
    await this.#world.expect(thread, { do: what, key }, 'ok');
    object.state = what === 'abort' ? 'gone' : 'abandoned';
    model.drop(key, object, what === 'forgetSlot');
  }

  /** With a thread that blocks until it is sealed, if one can be had. */
  async #seal([key, { thread, object }]: Chosen<Held>, sync: boolean): Promise<void> {
    const world = this.#world;
    const sealing = (): Promise<void> => world.expect(thread, { do: 'seal', key }, object.hex ?? '');
    const others = [...this.#model.refs].filter(
      ([, held]) => held.object === object && held.thread !== thread,
    );
    const [waiting] = others;
    if (!sync || waiting === undefined) return sealing();
    const [ref, waiter] = waiting;
    const seen = this.seen(object);
    const getting = (): Promise<void> =>
      world.expect(waiter.thread, { do: 'blockedGet', key: ref, seen }, 'ok');
    // This thread blocks as well as others: then it has to say first what will end that.
    await Promise.all(waiter.thread === 0 ? [sealing(), getting()] : [getting(), sealing()]);
    this.#model.see(seen.view, waiter.thread, object);
  }

  async #byToken({ thread, pick, other, flag }: Command): Promise<void> {
    const slot = flag ? this.#world.choose(this.#model.slots, pick) : undefined;
    const chosen = slot ?? this.#world.chooseRef(pick, other);
    if (chosen !== undefined) await this.#pass(thread, chosen);
  }

  /** A ref of what another thread has, a ref or a slot, by its token. */
  async #pass(thread: number, [ref, { thread: from, object }]: Chosen<Held>): Promise<void> {
    if (object.state === 'abandoned') return;
    const token = await this.#world.ask(from, { do: 'token', key: ref });
    if (typeof token !== 'object' || !('slot' in token)) throw new Error(`no token but ${String(token)}`);
    const key = this.#model.key();
    const isThere = object.state !== 'gone';
    await this.#world.expect(thread, { do: 'byToken', key, token }, isThere ? 'ok' : 'ObjectNotFoundError');
    if (isThere) this.#model.hold(key, thread, object);
  }

  async #endView({ pick }: Command, what: 'releaseView' | 'forgetView'): Promise<void> {
    const chosen = this.#world.choose(this.#model.views, pick);
    if (chosen === undefined) return;
    const [key, { thread }] = chosen;
    this.#model.unsee(key);
    await this.#world.expect(thread, { do: what, key }, what === 'releaseView' ? true : 'ok');
  }

  async #byId({ thread, id }: Command, what: 'byId' | 'deleteId' | 'containsId'): Promise<void> {
    if (id === undefined) return;
    const model = this.#model;
    const named = model.named(id);
    // Its slot waits for the collector: it is written, or aborted.
    if (named?.state === 'abandoned') return;
    const key = model.key();
    const action: Action = { do: what, key, id };
    const isWritten = named?.state === 'writing';
    const [found, lost]: readonly [Answer, Answer] =
      what === 'containsId'
        ? [!isWritten, false]
        : what === 'deleteId'
          ? [isWritten ? 'ObjectNotSealedError' : true, false]
          : ['ok', 'ObjectNotFoundError'];
    if (named === undefined) return this.#world.expect(thread, action, lost);
    const isFound = await this.#world.learn(thread, action, named, found, lost);
    if (!isFound) return;
    if (what === 'byId') model.hold(key, thread, named);
    if (what === 'deleteId' && !isWritten) named.state = 'gone';
  }

  async #onRef(command: Command, what: 'get' | 'getInto' | 'use' | 'delete' | 'contains'): Promise<void> {
    const chosen = this.#world.chooseRef(command.pick, command.other);
    if (chosen === undefined) return this.#make(command, 'put');
    const [key, { thread, object }] = chosen;
    const isSealed = object.state === 'sealed';
    if (what === 'contains') return this.#world.expect(thread, { do: what, key }, isSealed);
    if (object.state === 'abandoned') return;
    const isWritten = object.state === 'writing';
    if (what === 'delete') {
      await this.#world.expect(thread, { do: what, key }, isWritten ? 'ObjectNotSealedError' : isSealed);
      if (isSealed) object.state = 'gone';
      return;
    }
    if (what === 'get' || what === 'getInto') return this.#get(command, chosen, what);
    // It would wait.
    if (isWritten) return;
    const expected = isSealed ? true : 'ObjectNotFoundError';
    await this.#world.expect(thread, { do: what, key, seen: this.seen(object) }, expected);
  }

  /** Without time, or with so little that its end is certain: what is still being written is not to be had. */
  async #get(
    { sync, pick }: Command,
    [key, { thread, object }]: Chosen<Held>,
    what: 'get' | 'getInto',
  ): Promise<void> {
    const seen = this.seen(object);
    if (object.state === 'writing' && sync) {
      const isOwn = [...this.#model.slots.values()].some(
        (held) => held.object === object && held.thread === thread,
      );
      if (isOwn) return this.#world.expect(thread, { do: 'blockedGet', key, seen }, 'ObjectNotSealedError');
    }
    const timeout = pick % 4 === 0 ? SHORT_MS : 0;
    const { key: number, size } = object;
    const action: Action =
      what === 'get'
        ? { do: what, key, seen, sync, timeout }
        : { do: what, key, object: number, size, sync, timeout };
    if (object.state !== 'sealed') {
      const failure = object.state === 'gone' ? 'ObjectNotFoundError' : 'TimedOutError';
      return this.#world.expect(thread, action, failure);
    }
    await this.#world.expect(thread, action, what === 'get' ? 'ok' : true);
    if (what === 'get') this.#model.see(seen.view, thread, object);
  }

  async #endRef(
    [key, { thread, object }]: Chosen<Held>,
    what: 'releaseRef' | 'forgetRef',
    sync: boolean,
  ): Promise<void> {
    this.#model.refs.delete(key);
    if (what === 'releaseRef') {
      await this.#world.expect(thread, { do: what, key, sync }, true);
      this.#model.released.add(key);
    } else await this.#world.expect(thread, { do: what, key }, 'ok');
    this.#model.drop(key, object, what === 'forgetRef');
  }
}
