/**
 * The transition table derived from the life-cycle machine: `state × event → cell`.
 *
 * A cell is the next state's code, plus {@link BUMP_BIT} when the step starts a new generation, or {@link ILLEGAL}.
 */
import { transition } from 'xstate';
import { EVENTS, type ObjectEvent, type ObjectState, STATE_CODE, STATES } from './codes.ts';
import { lifecycleMachine, NEXT_GENERATION } from './machine.ts';

/** Cell of a step that must not happen. */
export const ILLEGAL = 0xff;
/** Set in a cell whose step increments the slot's generation. */
export const BUMP_BIT = 0x80;

/** What the machine says about one step: undefined when the step is illegal. */
export function stepOf(
  state: ObjectState,
  event: ObjectEvent,
): { next: ObjectState; bumpsGeneration: boolean } | undefined {
  const before = lifecycleMachine.resolveState({ value: state });
  if (!before.can({ type: event })) return undefined;
  const [after, actions] = transition(lifecycleMachine, before, { type: event });
  const next = STATES.find((name) => name === after.value);
  if (next === undefined) return undefined;
  return { next, bumpsGeneration: actions.some(({ type }: { type: string }) => type === NEXT_GENERATION) };
}

/** The whole table, row by row: `cell = table[state * EVENTS.length + event]`. */
export function deriveTable(): Uint8Array {
  const table = new Uint8Array(STATES.length * EVENTS.length).fill(ILLEGAL);
  STATES.forEach((state, row) => {
    EVENTS.forEach((event, column) => {
      const step = stepOf(state, event);
      if (step === undefined) return;
      table[row * EVENTS.length + column] = STATE_CODE[step.next] | (step.bumpsGeneration ? BUMP_BIT : 0);
    });
  });
  return table;
}
