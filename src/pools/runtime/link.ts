/** One end of a link between two threads of a runtime (`src/state/runtime/link-layout.ts`). */
import { RECORDS_WORD, WORD_BYTES } from '../../state/ring-layout.ts';
import {
  CLAIM,
  LINK_BYTES,
  LINK_CALLS,
  LINK_RING_WORDS,
  linkClaimsOffset,
  linkRingOffset,
  linkRoomOffset,
} from '../../state/runtime/link-layout.ts';
import { RingConsumer } from '../ring/consumer.ts';
import { RingProducer } from '../ring/producer.ts';
import type { SharedWords } from '../ring/ring.ts';

/** Memory for a new link. Pages come with use. */
export function createLink(): SharedArrayBuffer {
  return new SharedArrayBuffer(LINK_BYTES);
}

/**
 * What one thread has of a link: the ring it writes, the ring it reads, the claims of its own calls, and those of the
 * other's. A thread is linked with itself as well: then it writes and reads the same ring.
 */
export class LinkEnd implements Disposable {
  readonly peer: number;
  readonly outbound: RingProducer;
  readonly inbound: RingConsumer;
  /** The records that come in, as bytes. */
  readonly inboundBytes: Uint8Array;
  /** The claims of the calls this side makes. */
  readonly ownClaims: SharedWords;
  /** The claims of the calls the other side makes. */
  readonly peerClaims: SharedWords;
  readonly #ownRoom: SharedWords;
  readonly #peerRoom: SharedWords;

  constructor(memory: SharedArrayBuffer, self: number, peer: number) {
    const isLower = self <= peer;
    const readsLower = self === peer || !isLower;
    this.peer = peer;
    this.outbound = RingProducer.acquire(memory, linkRingOffset(isLower), LINK_RING_WORDS, self + 1);
    this.inbound = RingConsumer.acquire(memory, linkRingOffset(readsLower), LINK_RING_WORDS, self + 1);
    const recordsOffset = linkRingOffset(readsLower) + RECORDS_WORD * WORD_BYTES;
    this.inboundBytes = new Uint8Array(memory, recordsOffset, LINK_RING_WORDS * WORD_BYTES);
    this.ownClaims = new Int32Array(memory, linkClaimsOffset(isLower), LINK_CALLS);
    this.peerClaims = new Int32Array(memory, linkClaimsOffset(readsLower), LINK_CALLS);
    this.#ownRoom = new Int32Array(memory, linkRoomOffset(isLower), 1);
    this.#peerRoom = new Int32Array(memory, linkRoomOffset(readsLower), 1);
  }

  /** Records found no room in the outbound ring: the other side wakes this one when it has read some. Try again behind it. */
  wantRoom(): void {
    // SYNC link-room: said before the ring is looked at again. The other side moves its position before it looks here.
    Atomics.store(this.#ownRoom, 0, 1);
  }

  /** Whether the other side waits for the room that was just made in the inbound ring. Once for each time it says so. */
  takeWishForRoom(): boolean {
    // SYNC link-room
    return Atomics.load(this.#peerRoom, 0) === 1 && Atomics.exchange(this.#peerRoom, 0, 0) === 1;
  }

  /** Before the call is published: whoever finds the call in the ring sees this as well, without an atomic store of its own. */
  offer(call: number): void {
    this.ownClaims[call] = CLAIM.SENT; // SYNC ring-publish
  }

  /** Takes an own call back. False when the other side has begun it. */
  takeBack(call: number): boolean {
    // SYNC call-claim
    return Atomics.compareExchange(this.ownClaims, call, CLAIM.SENT, CLAIM.TAKEN_BACK) === CLAIM.SENT;
  }

  /** Says that an own call that has begun is wanted no more. */
  cancel(call: number): void {
    Atomics.compareExchange(this.ownClaims, call, CLAIM.BEGUN, CLAIM.CANCELLED);
  }

  /** Whether an own call has begun. */
  hasBegun(call: number): boolean {
    const claim = Atomics.load(this.ownClaims, call);
    return claim === CLAIM.BEGUN || claim === CLAIM.CANCELLED;
  }

  /** Takes the other side's call in order to run it. False when it was taken back. */
  begin(call: number): boolean {
    // SYNC call-claim
    return Atomics.compareExchange(this.peerClaims, call, CLAIM.SENT, CLAIM.BEGUN) === CLAIM.SENT;
  }

  /** Whether the other side wants a call no more that was begun here. */
  isCancelled(call: number): boolean {
    return Atomics.load(this.peerClaims, call) === CLAIM.CANCELLED;
  }

  [Symbol.dispose](): void {
    this.outbound.release();
    this.inbound.release();
  }
}
