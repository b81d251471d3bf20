/**
 * Events on their way to the thread that made the store, in batches. One batch is on its way at a time: a thread that is busy
 * for long finds one message, not thousands, and is told how many events were dropped meanwhile.
 */
import type { StoreEvent, StoreEventName, StoreEvents } from '../../state/events.ts';

/** Says what happened. */
export type Tell = <Name extends StoreEventName>(name: Name, values: StoreEvents[Name]) => void;

/** Events kept while none can be sent; later ones are dropped. */
const KEPT_MAX = 256;
/** A batch gathers what happens within this time, so that a full store does not wake the other thread all the time. */
const BATCH_MS = 50;

export class EventOutbox {
  readonly #post: (events: readonly StoreEvent[]) => void;
  readonly #kept: StoreEvent[] = [];
  #dropped = 0;
  #isOnItsWay = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(post: (events: readonly StoreEvent[]) => void) {
    this.#post = post;
  }

  readonly tell: Tell = (name, values) => {
    if (this.#kept.length === KEPT_MAX) this.#dropped++;
    else this.#kept.push({ name, atMs: Date.now(), values } as StoreEvent);
    if (!this.#isOnItsWay) this.#timer ??= setTimeout(() => this.#send(), BATCH_MS);
  };

  /** The last batch was heard. */
  acknowledged(): void {
    this.#isOnItsWay = false;
    if (this.#kept.length > 0) this.#send();
  }

  /** The store ends: what is left goes at once. */
  close(): void {
    this.#send();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dropped > 0) {
      this.#kept.push({ name: 'dropped', atMs: Date.now(), values: { events: this.#dropped } });
      this.#dropped = 0;
    }
    if (this.#kept.length === 0) return;
    this.#isOnItsWay = true;
    this.#post(this.#kept.splice(0));
  }
}
