/** Waiting for some of several results. */

import { invalidArgument } from '../../../state/options.ts';
import { onAbort } from '../../client/abort-listener.ts';
import { interrupted } from '../../client/failures.ts';
import type { WaitResult } from '../../client/object-reader.ts';
import type { WaitLimits } from '../../client/wait-limits.ts';
import { type ResultHost, ResultRef } from './result-ref.ts';

/** As soon as `count` are settled, or the time is over. */
export function waitForResults<Ref extends ResultRef>(
  host: ResultHost,
  refs: readonly Ref[],
  { count, timeoutMs, signal }: WaitLimits & { readonly count: number },
): Promise<WaitResult<Ref>> {
  for (const ref of refs)
    if (!(ref instanceof ResultRef))
      throw invalidArgument('refs', ref, 'an array of results', 'Runtime.wait');
  const partition = (): WaitResult<Ref> => {
    const ready: Ref[] = [];
    const pending: Ref[] = [];
    for (const ref of refs) (ref.settled ? ready : pending).push(ref);
    return { ready, pending };
  };
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(interrupted(signal));
    let missing = count;
    for (const ref of refs) if (ref.settled) missing--;
    if (missing <= 0 || timeoutMs === 0) return resolve(partition());
    host.awaiting(1);
    const finish = (settle: () => void): void => {
      if (missing === Number.NEGATIVE_INFINITY) return;
      missing = Number.NEGATIVE_INFINITY;
      clearTimeout(timer);
      endListening();
      host.awaiting(-1);
      settle();
    };
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => finish(() => resolve(partition())), timeoutMs);
    const endListening = onAbort(signal, () => finish(() => reject(interrupted(signal))));
    const settled = (): void => {
      if (--missing === 0) finish(() => resolve(partition()));
    };
    for (const ref of refs) if (!ref.settled) ref.observe({ resolved: settled, rejected: settled });
  });
}
