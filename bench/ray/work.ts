/** Tasks and actors of Plasmoid's side, one for each of Ray's. */

import { type ActorHandle, defineActors, defineTasks, type ObjectRef, Runtime } from '../../src/index.ts';

/** What Ray's answer with, `b"ok"`. */
const OK = Uint8Array.of(0x6f, 0x6b);

export const WORDS_MEDIUM = 10 * 1024 * 1024;

export const tasks = defineTasks(import.meta.url, {
  smallValue: (): Uint8Array => OK,

  putSmall(): void {
    const { store } = Runtime.current();
    // Python lets a ref that is dropped go at once; `release` is that.
    for (let index = 0; index < 100; index++) store.putSync(0).release();
  },

  putMedium(puts: number): void {
    const { store } = Runtime.current();
    for (let index = 0; index < puts; index++) store.putSync(new BigInt64Array(WORDS_MEDIUM)).release();
  },

  writeMedium(puts: number): void {
    const { store } = Runtime.current();
    for (let index = 0; index < puts; index++) {
      const slot = store.createSync(WORDS_MEDIUM * BigInt64Array.BYTES_PER_ELEMENT, { as: 'BigInt64Array' });
      slot.bytes.fill(0);
      slot.seal().release();
    }
  },

  makeRefs(): ObjectRef<number>[] {
    const { store } = Runtime.current();
    return Array.from({ length: 10_000 }, () => store.putSync(1));
  },

  async callActors(actors: readonly ActorHandle<SmallValues>[], calls: number): Promise<void> {
    await Promise.all(
      Array.from({ length: calls }, (_, index) => actors[index % actors.length]!.smallValue()),
    );
  },
});

/** What actors of both kinds have. */
export interface SmallValues {
  smallValue(): Uint8Array | Promise<Uint8Array>;
}

export class Actor {
  smallValue(): Uint8Array {
    return OK;
  }

  smallValueArg(_: number): Uint8Array {
    return OK;
  }

  async smallValueBatch(calls: number): Promise<void> {
    const runtime = Runtime.current();
    await Promise.all(Array.from({ length: calls }, () => runtime.submit(tasks.smallValue, [])));
  }
}

export class AsyncActor {
  async smallValue(): Promise<Uint8Array> {
    return OK;
  }

  async smallValueWithArg(_: number): Promise<Uint8Array> {
    return OK;
  }
}

/** Calls actors of either kind. */
export class Client {
  readonly #servers: readonly ActorHandle<SmallValues>[];

  constructor(servers: readonly ActorHandle<SmallValues>[]) {
    this.#servers = servers;
  }

  async smallValueBatch(calls: number): Promise<void> {
    await Promise.all(
      this.#servers.flatMap((server) => Array.from({ length: calls }, () => server.smallValue())),
    );
  }
}

/** Calls with an argument from the store. */
export class ArgumentClient {
  readonly #server: ActorHandle<Actor>;

  constructor(server: ActorHandle<Actor>) {
    this.#server = server;
  }

  async smallValueBatchArg(calls: number): Promise<void> {
    using argument = Runtime.current().store.putSync(0);
    await Promise.all(Array.from({ length: calls }, () => this.#server.smallValueArg(argument)));
  }
}

defineActors(import.meta.url, { Actor, AsyncActor, Client, ArgumentClient });
