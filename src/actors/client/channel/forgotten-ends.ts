/** Ends of channels that were dropped without being closed: the other side must not wait for them. */
import type { Store } from '../store.ts';

const forgotten = new FinalizationRegistry<() => void>((leave) => leave());

/** `leave` is called when `end` was collected before {@link forgetEnd}, while its store is open. It must not refer to it. */
export function rememberEnd(end: object, store: Store, leave: () => void): void {
  const { link } = store.connection;
  // Of a store that was left, the roles are recovered by others, and may be somebody else's by now.
  forgotten.register(end, () => link.isClosed || leave(), end);
}

/** The end was closed. */
export function forgetEnd(end: object): void {
  forgotten.unregister(end);
}
