/** How long a call may wait. */

/** Limits of one wait. */
export interface WaitLimits {
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** When the time began, by `performance.now()`; with this wait when absent. */
  readonly startedMs?: number;
  /** What has not come when the time is over: the beginning of the error's message. */
  readonly purpose?: string;
}

/** What is left of the time, in milliseconds; `Infinity` when there is no limit. */
export function timeLeftMs({ timeoutMs, startedMs }: WaitLimits): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  return startedMs === undefined ? timeoutMs : Math.max(0, startedMs + timeoutMs - performance.now());
}
