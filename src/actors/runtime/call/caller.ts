/** The calls that a thread makes: hears their answers, and what became of those whose worker has died. */
import type { SharedWords } from '../../../pools/ring/ring.ts';
import type { Participant } from '../link/participant.ts';
import type { PeerLink } from '../link/peer-link.ts';
import { OUTCOME, RECORD } from '../link/protocol.ts';
import type { Call, LinkLoss } from './call.ts';
import { nameFailure } from './task-failure.ts';

/** Handles a record if it is one for a caller. */
export function hearRecord(
  participant: Participant,
  link: PeerLink,
  type: number,
  words: SharedWords,
  start: number,
): boolean {
  link.heard++;
  if (type === RECORD.ANSWER) hearAnswer(participant, link, words, start);
  else if (type === RECORD.ITEM) hearItem(participant, link, words, start);
  else return false;
  return true;
}

/** The thread at the other end of a link has died: its calls go back to their routes. */
export function loseCalls(link: PeerLink, loss: LinkLoss): void {
  const { calls, end } = link;
  for (let number = 0; number < calls.length; number++) {
    const call = calls[number];
    calls[number] = undefined;
    call?.route.lost(call, end.hasBegun(number), loss);
  }
}

function hearAnswer(participant: Participant, link: PeerLink, words: SharedWords, start: number): void {
  const number = words[start]!;
  const outcome = words[start + 1]!;
  const tookMs = words[start + 2]! / 1000;
  if (outcome === OUTCOME.SKIPPED) {
    link.skipped(number);
    return;
  }
  if (outcome === OUTCOME.RETURNED) {
    const returned = link.forget(number);
    // One that was taken back meanwhile: its number was kept until the worker has let go of it.
    if (returned === undefined) link.skipped(number);
    else returned.route.returned(returned);
    return;
  }
  let values: readonly unknown[];
  let object: Parameters<Call['resolve']>[1];
  try {
    ({ values, object } = participant.decode(link, words, start + 3, true));
  } catch (error) {
    // Its objects have gone with it: the call is lost as any that had begun there, when the news of its death come.
    if (participant.hasDied(link)) return;
    // An object of the answer is gone, or memory is: the call has ended all the same.
    const failed = link.forget(number);
    failed?.route.left(failed);
    failed?.reject(error);
    return;
  } finally {
    if (hasObjects(words, start + 3)) link.write(RECORD.RECEIVED, undefined, number);
  }
  const call = link.forget(number);
  if (call === undefined) return;
  call.route.left(call, tookMs);
  if (outcome === OUTCOME.RESULT) {
    call.resolve(values[0], object);
    return;
  }
  const [thrown, task, worker] = values;
  call.failed(nameFailure(thrown, String(task), String(worker)));
}

function hearItem(participant: Participant, link: PeerLink, words: SharedWords, start: number): void {
  const number = words[start]!;
  const call = link.calls[number];
  const sizeBytes = words[start + 1]!;
  let values: readonly unknown[];
  try {
    ({ values } = participant.decode(link, words, start + 2, true));
  } catch (error) {
    // As of an answer. The stream cannot go on behind a gap.
    if (!participant.hasDied(link)) call?.cancel(error);
    return;
  } finally {
    if (hasObjects(words, start + 2)) link.write(RECORD.RECEIVED, undefined, number);
  }
  call?.sink.item?.(values[0], sizeBytes);
}

function hasObjects(words: SharedWords, start: number): boolean {
  return words[start] !== 0;
}
