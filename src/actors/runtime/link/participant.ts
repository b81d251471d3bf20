/**
 * A thread's part in a runtime: its links to the others, its mail from the scheduler, and the turns in which it handles what
 * came. A turn looks at everything, then watches for more for a moment, then sleeps: in the event loop, or in a blocking call.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { SharedWords } from '../../../pools/ring/ring.ts';
import { LinkEnd } from '../../../pools/runtime/link.ts';
import { ThreadBoard, ThreadSeat } from '../../../pools/runtime/thread-board.ts';
import type { Store } from '../../client/store.ts';
import type { LinkLoss } from '../call/call.ts';
import type { SchedulerMessage, StoreRecord, ToScheduler } from './messages.ts';
import { type Decoded, type HandleCodec, PayloadCodec } from './payload-codec.ts';
import { PeerLink } from './peer-link.ts';

/** Records that are handled before other links have their turn. */
const DRAIN_LIMIT = 256;
/** Turns in a row before the event loop has one. */
const TURNS_IN_ROW = 64;
/** A blocking wait looks for mail this often, in case that a wake-up went to a sleep in the event loop. */
const WAIT_SLICE_MS = 50;

/** What is done with what comes. */
export interface ParticipantHandlers {
  record(link: PeerLink, type: number, words: SharedWords, start: number, length: number): void;
  mail(message: SchedulerMessage): void;
  /** Runs what is ready to run, in turns of limited length; whether there was anything. */
  work(): boolean;
  /** Whether calls of this thread are under way: then its event loop lives on. */
  isWaiting(): boolean;
  /** Whether it pays to watch for more before sleeping. */
  expectsMore(): boolean;
  /** The thread is about to sleep. */
  beforeSleep(): void;
  linkLost(link: PeerLink, loss: LinkLoss): void;
}

export class Participant {
  readonly index: number;
  readonly store: Store;
  readonly codec: PayloadCodec;
  readonly board: ThreadBoard;
  readonly #seat: ThreadSeat;
  readonly #mailbox: MessagePort;
  readonly #handlers: ParticipantHandlers;
  readonly #links = new Map<number, PeerLink>();
  /** The same as a list, for the turns. */
  #linkList: readonly LinkInbox[] = [];
  #isTurnPlanned = false;
  #isAlive = false;
  #turnsInRow = 0;
  #isBlocked = false;
  #ended = false;

  constructor(
    index: number,
    store: Store,
    board: SharedArrayBuffer,
    mailbox: MessagePort,
    handlers: ParticipantHandlers,
    handles: HandleCodec,
  ) {
    this.index = index;
    this.store = store;
    this.#mailbox = mailbox;
    this.#handlers = handlers;
    this.codec = new PayloadCodec(store, handles);
    this.board = new ThreadBoard(board);
    this.#seat = new ThreadSeat(this.board, index, () => this.#turn());
    mailbox.on('message', (message: SchedulerMessage) => {
      handlers.mail(message);
      this.#turn();
    });
    mailbox.unref();
  }

  /** Whether the thread is inside of a blocking wait, where promises stand still. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  get ended(): boolean {
    return this.#ended;
  }

  link(peer: number): PeerLink | undefined {
    return this.#links.get(peer);
  }

  links(): PeerLink[] {
    return [...this.#links.values()];
  }

  /** How many other threads work for this one now. */
  get busyLinks(): number {
    let busy = 0;
    for (const { link } of this.#linkList) if (link.isBusy) busy++;
    return busy;
  }

  /** Whether the thread at the other end has died; news of it may be on their way still. */
  hasDied({ client }: PeerLink): boolean {
    return client !== undefined && this.store.connection.control.clientState(client.index) !== client.state;
  }

  /** The values of the message at a word of a record of a link. */
  decode(link: PeerLink, words: SharedWords, start: number, isResult: boolean): Decoded {
    return this.codec.decode(words, start, link.end.inboundBytes, isResult);
  }

  /** Has a turn soon: behind the code that runs now, which may have more to send. */
  nudge(): void {
    if (this.#isTurnPlanned || this.#ended) return;
    this.#isTurnPlanned = true;
    if (!this.#isAlive && this.#handlers.isWaiting()) this.#keepAlive(true);
    if (this.#turnsInRow++ < TURNS_IN_ROW) {
      // Behind all promise jobs that are due, which may have more to send: ticks come when no job is left, but at the end of
      // plain code before them, so both.
      queueMicrotask(this.#planTick);
    } else {
      // Timers and files of this thread have their turn, too.
      this.#turnsInRow = 0;
      setImmediate(this.#plannedTurn);
    }
  }

  /** Tells the scheduler. */
  tell(message: ToScheduler): void {
    if (!this.#ended) this.#mailbox.postMessage(message);
  }

  /** The scheduler has linked this thread with another. */
  addLink(peer: number, memory: SharedArrayBuffer, client: StoreRecord | undefined): void {
    const link = new PeerLink(new LinkEnd(memory, this.index, peer), this.board, this.codec, client);
    this.#links.set(peer, link);
    this.#listLinks();
  }

  /** The thread at the other end has died: what it said before is handled, then its calls are lost. */
  dropLink(peer: number, loss: LinkLoss): void {
    const inbox = this.#linkList.find(({ link }) => link.peer === peer);
    if (inbox === undefined) return;
    while (this.#drain(inbox) > 0);
    inbox.link.closed = true;
    inbox.link.end[Symbol.dispose]();
    this.#links.delete(peer);
    this.#listLinks();
    this.#handlers.linkLost(inbox.link, loss);
  }

  /**
   * Blocks until `isDone` says so, or the time is over: then the result is false. Handles records and mail and runs what is
   * ready meanwhile.
   */
  waitSync(isDone: () => boolean, deadlineMs: number): boolean {
    const wasBlocked = this.#isBlocked;
    this.#isBlocked = true;
    try {
      for (;;) {
        this.#seat.look();
        const handled = this.#handle();
        this.flush();
        if (isDone()) return true;
        if (this.#ended) return false;
        if (handled) continue;
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) return false;
        this.#handlers.beforeSleep();
        // It waits for others, and does not block them.
        this.#seat.beat();
        this.#seat.waitSync(Math.min(leftMs, WAIT_SLICE_MS));
      }
    } finally {
      this.#isBlocked = wasBlocked;
      this.nudge();
    }
  }

  /** Sends what was written to others. */
  flush(): void {
    for (const { link } of this.#linkList) link.flush();
  }

  /** Tells whoever watches that this thread's event loop turns. */
  beat(): void {
    this.#seat.beat();
  }

  /** Leaves: nothing is handled or sent any more. */
  end(): void {
    if (this.#ended) return;
    this.flush();
    this.#ended = true;
    for (const { link } of this.#linkList) link.closed = true;
    this.#mailbox.close();
    this.#seat[Symbol.dispose]();
  }

  readonly #planTick = (): void => process.nextTick(this.#plannedTurn);

  readonly #plannedTurn = (): void => {
    this.#isTurnPlanned = false;
    this.#turn();
  };

  #turn(): void {
    if (this.#ended) return;
    this.#seat.rouse();
    do {
      this.#seat.look();
      const handled = this.#handle();
      this.flush();
      // Promises that were settled have their turn before the next look; where nothing came, nothing was settled.
      if (handled || this.#turnsInRow++ >= TURNS_IN_ROW) {
        this.nudge();
        return;
      }
    } while (this.#handlers.expectsMore() && this.#seat.spin());
    if (!this.#isTurnPlanned) this.#sleep();
  }

  #sleep(): void {
    this.#handlers.beforeSleep();
    this.#turnsInRow = 0;
    this.#seat.sleepInLoop();
    // SYNC thread-sleep (sleeping): what was published before the flag was up has rung no bell, nor has room that was made.
    if (this.#linkList.some(({ link }) => !link.end.inbound.isEmpty() || link.flush())) {
      this.#seat.rouse();
      this.nudge();
      return;
    }
    this.#keepAlive(this.#handlers.isWaiting());
  }

  #keepAlive(keep: boolean): void {
    if (keep === this.#isAlive) return;
    this.#isAlive = keep;
    this.#seat.keepAlive(keep);
  }

  /** Handles what is there now; whether there was anything. */
  #handle(): boolean {
    let records = 0;
    for (const inbox of this.#linkList) records += this.#drain(inbox);
    const hasMail = this.#readMail();
    const hasWorked = this.#handlers.work();
    return records > 0 || hasMail || hasWorked;
  }

  #drain({ link, handler }: LinkInbox): number {
    if (link.closed) return 0;
    const records = link.end.inbound.drain(handler, DRAIN_LIMIT);
    if (records > 0) link.hasRead();
    return records;
  }

  /** In a blocking wait nobody else reads it. */
  #readMail(): boolean {
    if (!this.#isBlocked) return false;
    const received = receiveMessageOnPort(this.#mailbox);
    if (received === undefined) return false;
    this.#handlers.mail(received.message);
    return true;
  }

  #listLinks(): void {
    this.#linkList = [...this.#links.values()].map((link) => ({
      link,
      handler: (type, words, start, length) => this.#handlers.record(link, type, words, start, length),
    }));
  }
}

interface LinkInbox {
  readonly link: PeerLink;
  readonly handler: (type: number, words: SharedWords, start: number, length: number) => void;
}
