/** A link to another thread of the runtime, with the calls that are under way on it. */
import type { LinkEnd } from '../../../pools/runtime/link.ts';
import type { ThreadBoard } from '../../../pools/runtime/thread-board.ts';
import { LINK_CALLS } from '../../../state/runtime/link-layout.ts';
import type { Call, CallLink } from '../call/call.ts';
import type { Definition } from '../task-registry.ts';
import type { StoreRecord } from './messages.ts';
import type { Payload } from './payload.ts';
import type { PayloadCodec } from './payload-codec.ts';
import { RECORD, STREAM_BIT, UNBOUNDED_BIT } from './protocol.ts';

/** A record that found no room in the ring. */
interface WaitingRecord {
  readonly type: number;
  readonly head: readonly number[];
  readonly payload: Payload | undefined;
}

/** Records that are shown to the peer at once, at most. */
const SHOWN_TOGETHER = 32;

export class PeerLink implements CallLink {
  readonly end: LinkEnd;
  readonly peer: number;
  /** The peer's record in the store; undefined for the thread that started the runtime. */
  readonly client: StoreRecord | undefined;
  /** Own calls under way, by their numbers. */
  readonly calls: (Call | undefined)[] = [];
  readonly #board: ThreadBoard;
  readonly #codec: PayloadCodec;
  readonly #free: number[] = [];
  readonly #defined = new Set<number>();
  /** Records that wait for room, oldest first: their order is that of the calls. */
  #waiting: WaitingRecord[] = [];
  /** Records written and not shown to the peer. */
  #unshown = 0;
  /** Records heard of the peer: while it grows the peer is not blocked. */
  heard = 0;
  /** The peer has died, or this side leaves: nothing is sent any more. */
  closed = false;

  constructor(end: LinkEnd, board: ThreadBoard, codec: PayloadCodec, client: StoreRecord | undefined) {
    this.client = client;
    this.end = end;
    this.peer = end.peer;
    this.#board = board;
    this.#codec = codec;
  }

  /** Whether calls of this side are under way. */
  get isBusy(): boolean {
    return this.calls.length > this.#free.length;
  }

  /** Whether a further call can be sent now. */
  get hasRoom(): boolean {
    return this.#waiting.length === 0 && (this.#free.length > 0 || this.calls.length < LINK_CALLS);
  }

  /** Sends a call and gives it its number on this link. Only while there is {@link hasRoom}. */
  send(call: Call, lane: number, isUnbounded = false): void {
    const number = this.#free.pop() ?? this.calls.push(undefined) - 1;
    const { definition } = call;
    if (!this.#defined.has(definition.number)) this.#define(definition);
    this.calls[number] = call;
    call.number = number;
    this.end.offer(number);
    const { ahead } = call;
    const bits = (ahead === undefined ? 0 : STREAM_BIT) | (isUnbounded ? UNBOUNDED_BIT : 0);
    const code = definition.number | bits;
    this.write(RECORD.CALL, call.payload, number, lane, code);
    if (ahead !== undefined) this.credit(number, ahead.items, ahead.bytes);
    // The peer has nothing of this thread's to do: it begins now, while this thread makes more calls or goes on to its turn.
    if (this.calls.length - this.#free.length === 1) this.flush();
  }

  /** Forgets a call that was answered; its number may be used again. */
  forget(number: number): Call | undefined {
    const call = this.calls[number];
    if (call === undefined) return undefined;
    this.calls[number] = undefined;
    this.#free.push(number);
    return call;
  }

  takeBack(number: number): boolean {
    if (!this.end.takeBack(number)) return false;
    this.calls[number] = undefined;
    return true;
  }

  cancel(number: number): void {
    this.end.cancel(number);
    this.write(RECORD.CANCEL, undefined, number);
  }

  credit(number: number, items: number, bytes: number): void {
    this.write(RECORD.CREDIT, undefined, number, items, bytes);
  }

  /** The peer has skipped a call that was taken back. */
  skipped(number: number): void {
    this.#free.push(number);
  }

  /** Writes a record; {@link flush} sends it. */
  write(type: number, payload: Payload | undefined, first: number, second?: number, third?: number): void {
    if (this.closed) return;
    if (this.#waiting.length === 0 && this.#tryWrite(type, payload, first, second, third)) {
      // The peer begins while more is written.
      if (++this.#unshown >= SHOWN_TOGETHER) this.flush();
      return;
    }
    const head = [first, second, third].filter((word) => word !== undefined);
    this.#waiting.push({ type, head, payload });
  }

  /** Shows the peer what was written, and wakes it if it sleeps. Whether records that waited for room have found some. */
  flush(): boolean {
    const hasFoundRoom = this.#waiting.length > 0 && this.#writeWaiting();
    if (this.#unshown > 0) {
      this.#unshown = 0;
      this.end.outbound.publish();
      this.#board.wake(this.peer);
    }
    return hasFoundRoom;
  }

  /** The peer's records were read: it may have more, which found no room. */
  hasRead(): void {
    if (this.end.takeWishForRoom()) this.#board.wake(this.peer);
  }

  #define(definition: Definition): void {
    this.#defined.add(definition.number);
    this.write(RECORD.DEFINE, this.#codec.encode([definition.module, definition.name]), definition.number);
  }

  /** Whether any could be written. When some are left, the peer will wake this thread for them. */
  #writeWaiting(): boolean {
    const waiting = this.#waiting;
    let written = 0;
    let wantsRoom = false;
    while (written < waiting.length) {
      const { type, head, payload } = waiting[written]!;
      if (this.#tryWrite(type, payload, head[0]!, head[1], head[2])) {
        written++;
        wantsRoom = false;
      } else if (wantsRoom) {
        break;
      } else {
        this.end.wantRoom();
        wantsRoom = true;
      }
    }
    if (written === 0) return false;
    this.#unshown += written;
    this.#waiting = waiting.slice(written);
    return true;
  }

  #tryWrite(
    type: number,
    payload: Payload | undefined,
    first: number,
    second: number | undefined,
    third: number | undefined,
  ): boolean {
    const { outbound } = this.end;
    const headWords = second === undefined ? 1 : third === undefined ? 2 : 3;
    const words = headWords + (payload === undefined ? 0 : payload.recordWords);
    let index = outbound.claim(type, words);
    if (index < 0) {
      // What is claimed and not published takes room that nobody can free.
      outbound.publish();
      this.#board.wake(this.peer);
      index = outbound.claim(type, words);
      if (index < 0) return false;
    }
    const target = outbound.words;
    target[index] = first;
    if (second !== undefined) target[index + 1] = second;
    if (third !== undefined) target[index + 2] = third;
    payload?.writeTo(target, index + headWords);
    return true;
  }
}
