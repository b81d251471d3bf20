/** Calls that end when a signal fires: one listener for all that wait with it, because Node warns of more than ten. */

interface Listening {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const listenings = new WeakMap<AbortSignal, Listening>();

/** Calls back once when the signal fires; the function returned ends that. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {};
  const { calls, listener } = listenings.get(signal) ?? listen(signal);
  calls.add(callback);
  return () => {
    calls.delete(callback);
    if (calls.size > 0 || listenings.get(signal)?.calls !== calls) return;
    signal.removeEventListener('abort', listener);
    listenings.delete(signal);
  };
}

function listen(signal: AbortSignal): Listening {
  const calls = new Set<() => void>();
  const listener = (): void => {
    for (const callback of [...calls]) callback();
  };
  signal.addEventListener('abort', listener, { once: true });
  const listening = { calls, listener };
  listenings.set(signal, listening);
  return listening;
}
