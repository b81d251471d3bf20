/** What the parts of a thread's runtime know of the whole. */
import type { RuntimeClosedError } from '../../state/errors.ts';
import type { ResultHost } from './call/result-ref.ts';
import type { Submitter } from './call/submitter.ts';
import type { Question } from './link/messages.ts';
import type { Participant } from './link/participant.ts';

export interface RuntimeAccess extends ResultHost {
  readonly participant: Participant;
  readonly submitter: Submitter;
  /** Why nothing new is taken: the runtime is closed, or about to be. */
  readonly refusal: RuntimeClosedError | undefined;
  /** A question to the scheduler. */
  ask(question: Question): Promise<unknown>;
}
