/** Clients that wait until objects are sealed, or until somebody creates and seals objects under ids of their choice. */
import type { BridgeActor } from '../../pools/bridge.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import type { SharedWords } from '../../pools/ring/ring.ts';
import { STATUS } from '../../state/bridge-status.ts';
import { ACTOR } from '../../state/control-layout.ts';
import { type GetRequest, GetRequestQueue, NO_TIMEOUT } from '../../state/queues/get-request-queue.ts';
import { ID_BYTES } from '../../state/slot-layout.ts';
import { AWAITED, MORE_FOLLOWS, REPLY } from '../protocol.ts';
import type { ClientLink } from './client-link.ts';

/** One call of a client: the queue knows each as a client of its own. */
interface AwaitCall {
  readonly link: ClientLink;
  readonly request: number;
  /** How many objects it needs; a call that names some twice looks again sooner. */
  needed: number;
  /** Of the records that have come. */
  readonly keys: string[];
}

/** What the end of an object's writing has come to. */
type Outcome = 'sealed' | 'gone';

type Waiting = GetRequest<AwaitCall, string, Outcome>;

const BATCH_SLOTS = 256;

export class ObjectWaits {
  readonly #control: ControlRegion;
  readonly #bridge: BridgeActor;
  /** Keys are `slot.generation`, and ids in hexadecimal. Time limits are the callers' own. */
  readonly #queue: GetRequestQueue<AwaitCall, string, Outcome>;
  readonly #calls = new Map<ClientLink, Map<number, AwaitCall>>();
  /** Awaited generations of a slot. It comes by the settled stack when its writing ends, and then leaves this map. */
  readonly #generations = new Map<number, Set<number>>();
  readonly #ids = new Set<string>();
  readonly #batch = new Uint32Array(BATCH_SLOTS);
  readonly #place = new Uint32Array(2);

  constructor(control: ControlRegion, bridge: BridgeActor) {
    this.#control = control;
    this.#bridge = bridge;
    this.#queue = new GetRequestQueue({
      findSealed: (key) => this.#outcomeOf(key),
      objectSatisfied: (_key, outcome, waiting) => this.#answerIfEnough(waiting, outcome),
      requestCompleted: ({ client }) => this.#answer(client),
      startTimer: () => () => {},
    });
  }

  /** Calls that wait. */
  get length(): number {
    return this.#queue.numGetRequests;
  }

  /** Whether a slot that somebody waited for has come. */
  get hasSettled(): boolean {
    return this.#control.actorWord(ACTOR.SETTLED_HEAD) !== 0;
  }

  /** One record of a request: `needed, name …`. */
  add(link: ClientLink, request: number, words: SharedWords, start: number, length: number): void {
    const call = this.#callOf(link, request);
    for (let index = start + 1; index < start + length; ) {
      if (words[index] === AWAITED.PLACE) {
        call.keys.push(`${(words[index + 1] ?? 0) >>> 0}.${(words[index + 2] ?? 0) >>> 0}`);
        index += 3;
      } else {
        const id = Int32Array.from(words.subarray(index + 1, index + 1 + ID_BYTES / 4));
        call.keys.push(Buffer.from(id.buffer).toString('hex'));
        index += 1 + ID_BYTES / 4;
      }
    }
    const needed = words[start] ?? 0;
    if (needed === MORE_FOLLOWS) return;
    call.needed = needed;
    this.#queue.addRequest(call, call.keys, NO_TIMEOUT);
  }

  /** Forgets a call whose caller gave up. */
  cancel(link: ClientLink, request: number): void {
    const call = this.#calls.get(link)?.get(request);
    if (call !== undefined) this.#forget(call);
  }

  /** Forgets the calls of a client that has died. */
  removeClient(link: ClientLink): void {
    for (const call of this.#calls.get(link)?.values() ?? []) this.#forget(call);
    this.#calls.delete(link);
  }

  /** Answers those that waited for objects settled since the last call; the number of these objects. */
  serve(): number {
    let settled = 0;
    for (;;) {
      const count = this.#bridge.takeSettled(this.#batch);
      if (count === 0) return settled;
      settled += count;
      for (const slot of this.#batch.subarray(0, count)) this.#look(slot);
    }
  }

  #look(slot: number): void {
    const generations = this.#generations.get(slot);
    this.#generations.delete(slot);
    for (const generation of generations ?? []) {
      const key = `${slot}.${generation}`;
      // A slot may come for an object before the awaited one: this look asks for it again.
      this.#settle(key);
    }
    if (this.#ids.size === 0 || !this.#control.header(slot).named) return;
    const id = Buffer.from(this.#control.idBytes(slot)).toString('hex');
    // An aborted object leaves its id to be waited for.
    this.#settle(id);
  }

  #settle(key: string): void {
    if (!this.#queue.isGetRequestExist(key)) return;
    const outcome = this.#outcomeOf(key);
    // As seen here: its last ref may go at any moment, and then it is not found again.
    if (outcome !== undefined) this.#queue.markObjectSealed(key, outcome);
  }

  /** Undefined while the object is being written, and for an id while it is not there: then it comes by the settled stack. */
  #outcomeOf(key: string): Outcome | undefined {
    const [slot = '', generation] = key.split('.');
    return generation === undefined
      ? this.#outcomeOfId(key)
      : this.#outcomeAt(Number(slot), Number(generation));
  }

  #outcomeAt(slot: number, generation: number): Outcome | undefined {
    const status = this.#bridge.awaitSettled(slot, generation);
    if (status !== STATUS.NOT_SEALED) return status === STATUS.OK ? 'sealed' : 'gone';
    const generations = this.#generations.get(slot);
    if (generations === undefined) this.#generations.set(slot, new Set([generation]));
    else generations.add(generation);
    return undefined;
  }

  #outcomeOfId(id: string): Outcome | undefined {
    this.#ids.add(id);
    // SYNC await-id: said before the look into the index. Creators enter their id before they look at the word.
    this.#control.setActorWord(ACTOR.IDS_AWAITED, 1);
    if (this.#bridge.lookUp(Buffer.from(id, 'hex'), this.#place) !== STATUS.OK) return undefined;
    const [slot = 0, generation = 0] = this.#place;
    // Under an id that was aborted another may be created.
    return this.#bridge.awaitSettled(slot, generation) === STATUS.OK ? 'sealed' : undefined;
  }

  #answerIfEnough({ client, places }: Waiting, outcome: Outcome): void {
    // Who needs all of them need not wait for the others when one has gone: its caller looks again.
    if (outcome === 'gone' || places.size >= client.needed) this.#answer(client);
  }

  #answer(call: AwaitCall): void {
    this.#forget(call);
    call.link.send(REPLY.SETTLED, [call.request]);
  }

  #forget(call: AwaitCall): void {
    this.#queue.removeGetRequestsForClient(call);
    this.#calls.get(call.link)?.delete(call.request);
    for (const key of call.keys) if (!this.#queue.isGetRequestExist(key)) this.#ids.delete(key);
    if (this.#ids.size === 0) this.#control.setActorWord(ACTOR.IDS_AWAITED, 0);
  }

  #callOf(link: ClientLink, request: number): AwaitCall {
    let calls = this.#calls.get(link);
    if (calls === undefined) {
      calls = new Map();
      this.#calls.set(link, calls);
    }
    let call = calls.get(request);
    if (call === undefined) {
      call = { link, request, needed: Number.POSITIVE_INFINITY, keys: [] };
      calls.set(request, call);
    }
    return call;
  }
}
