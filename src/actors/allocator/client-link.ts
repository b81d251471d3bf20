/** The actor's end of one client: its rings, and what waits to be written when the reply ring is full. */
import type { BridgeActor } from '../../pools/bridge.ts';
import type { ControlRegion } from '../../pools/control-region.ts';
import { type RecordHandler, RingConsumer } from '../../pools/ring/consumer.ts';
import { RingProducer } from '../../pools/ring/producer.ts';
import { resetRing } from '../../pools/ring/ring.ts';
import { CLIENT, PARKING, RING_CAPACITY_WORDS } from '../../state/control-layout.ts';
import { encodeJson } from '../protocol.ts';

/** Owner number of the actor in the rings' role words; clients use their index plus two. */
const ACTOR_ROLE = 1;

export class ClientLink {
  readonly client: number;
  readonly #control: ControlRegion;
  readonly #bridge: BridgeActor;
  readonly #requests: RingConsumer;
  readonly #replies: RingProducer;
  readonly #outbox: { readonly type: number; readonly words: ArrayLike<number> }[] = [];
  /** Collections that the client's thread was asked for by interrupt. */
  #collectionsAsked = 0;
  #ended = false;

  constructor(control: ControlRegion, bridge: BridgeActor, client: number) {
    this.client = client;
    this.#control = control;
    this.#bridge = bridge;
    const { buffer } = control;
    const request = control.ringOffset(client, 'request');
    const reply = control.ringOffset(client, 'reply');
    this.#requests = RingConsumer.acquire(buffer, request, RING_CAPACITY_WORDS, ACTOR_ROLE);
    this.#replies = RingProducer.acquire(buffer, reply, RING_CAPACITY_WORDS, ACTOR_ROLE);
  }

  /** Handles up to `limit` requests; how many. */
  drain(handler: RecordHandler, limit: number): number {
    return this.#requests.drain(handler, limit);
  }

  get hasRequests(): boolean {
    return !this.#requests.isEmpty();
  }

  /** Whether replies wait for room in the ring. */
  get isBlocked(): boolean {
    return this.#outbox.length > 0;
  }

  /** Writes a reply and wakes the client if it sleeps. Never blocks: what does not fit is kept. */
  send(type: number, words: ArrayLike<number>): void {
    if (this.#outbox.length > 0 || !this.#replies.tryWrite(type, words)) {
      this.#outbox.push({ type, words: Uint32Array.from(words) });
    }
    this.wake();
  }

  sendJson(type: number, request: number, value: unknown): void {
    this.send(type, encodeJson(request, value));
  }

  /** Writes what waited for room; how many records. */
  flush(): number {
    let written = 0;
    for (const { type, words } of this.#outbox) {
      if (!this.#replies.tryWrite(type, words)) break;
      written++;
    }
    this.#outbox.splice(0, written);
    if (written > 0) this.wake();
    return written;
  }

  wake(): void {
    // SYNC ring-sleep: a client parked in Atomics.wait is woken by the ring; one in its event loop needs its doorbell.
    if (!this.#replies.wake()) return;
    const parking = this.#control.clientIndex(this.client, CLIENT.PARKING);
    if (Atomics.load(this.#control.words, parking) === PARKING.IN_LOOP) this.#bridge.ringClient(this.client);
  }

  /**
   * Asks the client's thread to collect, whatever it is doing. Whether it has, or has died, says the function returned;
   * undefined when there is no such thread any more.
   */
  requestCollection(full: boolean): (() => boolean) | undefined {
    if (!this.#bridge.requestCollection(this.client, full)) return undefined;
    const asked = ++this.#collectionsAsked;
    const done = this.#control.clientIndex(this.client, CLIENT.COLLECTIONS);
    return () => this.#ended || Atomics.load(this.#control.words, done) >= asked;
  }

  /** Throws `InvariantError` when a ring is not whole. */
  verify(): void {
    this.#requests.verify();
    this.#replies.verify();
  }

  /** Makes rings and counter new for the record's next client. The client of this link is dead. */
  recycle(): void {
    this.#ended = true;
    const { buffer, words } = this.#control;
    Atomics.store(words, this.#control.clientIndex(this.client, CLIENT.COLLECTIONS), 0);
    resetRing(buffer, this.#control.ringOffset(this.client, 'request'), RING_CAPACITY_WORDS);
    resetRing(buffer, this.#control.ringOffset(this.client, 'reply'), RING_CAPACITY_WORDS);
  }
}
