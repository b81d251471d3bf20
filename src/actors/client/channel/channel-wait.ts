/** Sleeping until the other side of a channel moves: in `Atomics.wait`, or in the event loop. */
import { ChannelTimeoutError } from '../../../state/errors.ts';
import { onAbort } from '../abort-listener.ts';
import type { AllocatorLink } from '../allocator-link.ts';
import type { Connection } from '../connection.ts';
import { atCaller, interrupted } from '../failures.ts';
import { timeLeftMs, type WaitLimits } from '../wait-limits.ts';

/** What an end of a channel waits for. */
export interface Condition {
  /** Whether there is nothing to wait for any more. Throws when there never will be. */
  isMet(): boolean;
  /** Says that this thread sleeps; the bell's value to sleep on, undefined when there is nothing to wait for any more. */
  announceSleep(): number | undefined;
  readonly bellIndex: number;
}

/** A dead allocator thread cannot end an `Atomics.wait`: it is looked for this often. */
const WAIT_SLICE_MS = 100;

/** Throws `ChannelTimeoutError`, `StoreClosedError`, and what the condition throws. */
export function waitSync({ control, link }: Connection, condition: Condition, limits: WaitLimits): void {
  for (let sleep = nextSleep(link, condition, limits); sleep !== undefined; ) {
    Atomics.wait(control.words, condition.bellIndex, sleep.seen, Math.min(sleep.leftMs, WAIT_SLICE_MS));
    sleep = nextSleep(link, condition, limits);
  }
}

/** As {@link waitSync}, without blocking the thread; throws `InterruptedError` besides. */
export async function wait(connection: Connection, condition: Condition, limits: WaitLimits): Promise<void> {
  const { control, link } = connection;
  const interruption = interruptionOf(connection, limits);
  try {
    for (let sleep = nextSleep(link, condition, limits); sleep !== undefined; ) {
      const woken = Atomics.waitAsync(control.words, condition.bellIndex, sleep.seen, sleep.leftMs);
      if (woken.async) await Promise.race([woken.value, interruption.promise]);
      sleep = nextSleep(link, condition, limits);
    }
  } catch (error) {
    throw atCaller(error);
  } finally {
    interruption.forget();
  }
}

interface Sleep {
  /** The bell's value to sleep on. */
  readonly seen: number;
  readonly leftMs: number;
}

/** Announces the next sleep; undefined when there is nothing to wait for any more. */
function nextSleep(link: AllocatorLink, condition: Condition, limits: WaitLimits): Sleep | undefined {
  const seen = condition.announceSleep();
  // SYNC channel-end: looked at last, behind the announcement.
  if (condition.isMet() || seen === undefined) return undefined;
  link.assertOpen();
  const leftMs = timeLeftMs(limits);
  if (leftMs <= 0) throw timedOut(limits);
  return { seen, leftMs };
}

interface Interruption {
  /** Fulfilled at the end of the store, rejected when the signal fires. */
  readonly promise: Promise<void>;
  forget(): void;
}

function interruptionOf({ link }: Connection, { signal }: WaitLimits): Interruption {
  let forget = (): void => {};
  const promise = new Promise<void>((resolve, reject) => {
    const interrupt = (): void => reject(interrupted(signal));
    const unwatch = link.watch(resolve);
    const endListening = onAbort(signal, interrupt);
    forget = () => {
      unwatch();
      endListening();
    };
    if (signal?.aborted === true) interrupt();
  });
  // The race may be over when it is rejected.
  promise.catch(() => {});
  return { promise, forget };
}

function timedOut({ timeoutMs = 0, purpose = 'nothing happened' }: WaitLimits): ChannelTimeoutError {
  return new ChannelTimeoutError(`${purpose} within ${timeoutMs} ms`, { timeoutMs });
}
