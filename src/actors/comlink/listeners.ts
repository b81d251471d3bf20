/** The listeners of an endpoint. */
import type { EndpointListener } from './protocol.ts';

export class Listeners {
  #listeners: readonly EndpointListener[] = [];

  get isEmpty(): boolean {
    return this.#listeners.length === 0;
  }

  add(listener: EndpointListener): void {
    if (!this.#listeners.includes(listener)) this.#listeners = [...this.#listeners, listener];
  }

  remove(listener: EndpointListener): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** Each gets an event of its own, as far as comlink looks at events. */
  tell(data: unknown): void {
    for (const listener of this.#listeners) {
      const event = { data } as never;
      if (typeof listener === 'function') listener(event);
      else listener.handleEvent(event);
    }
  }
}
