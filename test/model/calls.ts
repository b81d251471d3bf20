/** Calls under way: which of them must be over, which must not, and what they come to. */
import * as assert from 'uvu/assert';
import type { Seen } from './action.ts';
import type { World } from './world.ts';

/** What the model says of a call at this moment. Unsure: it may be over, with one of these answers. */
export type Verdict =
  | { readonly is: 'pending' }
  | { readonly is: 'over'; readonly answer: string; readonly seen: readonly Seen[] }
  | { readonly is: 'unsure'; readonly answers: readonly string[]; readonly seen: readonly Seen[] };

export interface Call {
  readonly thread: number;
  /** For the list of what has to happen. */
  readonly what: string;
  look(): Verdict;
  /** It is over by itself: what follows in the model. */
  take(answer: string, seen: readonly Seen[]): void;
  /** It was ended by its signal. */
  cancelled?(): void;
}

export class Calls {
  readonly #world: World;
  readonly #calls = new Map<number, Call>();

  constructor(world: World) {
    this.#world = world;
  }

  get underWay(): ReadonlyMap<number, Call> {
    return this.#calls;
  }

  add(key: number, call: Call): void {
    this.#calls.set(key, call);
  }

  /** Takes what must be over, and what follows from that, until nothing more does. */
  async settle(): Promise<void> {
    for (let again = true; again; ) {
      again = false;
      for (const [key, call] of [...this.#calls]) {
        const verdict = call.look();
        if (verdict.is !== 'over') continue;
        again = true;
        this.#calls.delete(key);
        call.take(verdict.answer, verdict.seen);
        // What ends this one may be the end of another, which need not wait for the answer.
        await this.#world.expect(
          call.thread,
          { do: 'settle', key, seen: verdict.seen },
          verdict.answer,
          call.what,
        );
      }
    }
  }

  /** After all threads have said which of their calls are over. */
  async compare(): Promise<void> {
    for (const [key, call] of [...this.#calls]) {
      if (this.#world.settled[call.thread]?.includes(key) !== true) continue;
      const verdict = call.look();
      if (verdict.is !== 'unsure') throw new Error(`call ${key} (${call.what}) is over, and must not be`);
      this.#calls.delete(key);
      const { seen } = verdict;
      const answer = String(await this.#world.ask(call.thread, { do: 'settle', key, seen }, call.what));
      assert.ok(verdict.answers.includes(answer), `${call.what}: ${answer}, and not ${verdict.answers}`);
      call.take(answer, seen);
    }
  }

  /** Ends one of them by its signal. */
  async cancel(pick: number): Promise<void> {
    const chosen = this.#world.choose(this.#calls, pick);
    if (chosen === undefined) return;
    const [key, call] = chosen;
    if (call.look().is !== 'pending') return;
    const { thread } = call;
    this.#calls.delete(key);
    call.cancelled?.();
    await this.#world.expect(thread, { do: 'cancel', key }, 'ok');
    const action = { do: 'settle', key, seen: [] } as const;
    await this.#world.expect(thread, action, 'InterruptedError', call.what);
  }
}
