/** Whether a call is tried again. */

/** How often, and after which errors. */
export interface RetryPolicy {
  /** Most further attempts: after the death of a worker on which it had begun, and after errors that `retryIf` accepts. */
  readonly retries: number;
  /** Which errors of the task itself are tried again; none when absent. */
  readonly retryIf: ((error: unknown) => boolean) | undefined;
}
