/**
 * The life cycle of an object slot, as a state machine to read, draw and test against.
 *
 * No machine runs per object: a step costs microseconds, a compare-exchange costs nanoseconds. The table that the
 * native bridge obeys is derived from this definition (`table.ts`), so this file is where a rule is changed.
 *
 *      free ──lease──▶ leased ──create──▶ created ◀──unpinLast── writing
 *       ▲ ▲             │ ▲ │                │  └──────pin──────▶   │
 *       │ └───recall────┘ │ └─handBack─┐     │ seal                 │ seal
 *       │                 │ recycle    │     ▼         pin          ▼
 *       │                 └─────────── │ ─ sealed ─────────────▶ referenced
 *       │                              │     │    ◀─unpinLast──     │
 *       │                       abort, │     │ delete               │ delete, abort (from writing)
 *       │                        delete▼     ▼                      ▼
 *       └────────reclaim──────────── released ◀────unpinLast──── deleting
 *                                     │    ▲
 *                               entomb▼    │vacate
 *                                    tombstone
 */
import { createMachine } from 'xstate';
import type { ObjectEvent, ObjectState } from './codes.ts';

/** Marks a step after which older tokens of the slot must be stale. */
export const NEXT_GENERATION = 'nextGeneration';

type Step = ObjectState | { target: ObjectState; actions: typeof NEXT_GENERATION };
const stale = (target: ObjectState): Step => ({ target, actions: NEXT_GENERATION });

const states: { readonly [S in ObjectState]: { on: { readonly [E in ObjectEvent]?: Step } } } = {
  free: { on: { lease: 'leased' } },
  leased: { on: { create: 'created', recall: stale('free'), handBack: 'released' } },
  created: { on: { pin: 'writing', seal: 'sealed', abort: 'released' } },
  writing: { on: { unpinLast: 'created', seal: 'referenced', abort: 'deleting' } },
  sealed: { on: { pin: 'referenced', delete: 'released', recycle: stale('leased'), spill: 'sealed' } },
  referenced: { on: { pin: 'referenced', unpin: 'referenced', unpinLast: 'sealed', delete: 'deleting' } },
  deleting: { on: { unpin: 'deleting', unpinLast: 'released' } },
  released: { on: { reclaim: stale('free'), entomb: 'tombstone' } },
  tombstone: { on: { vacate: 'released' } },
};

/** The machine. Events are the names in `codes.ts`; what it does not list for a state is illegal there. */
export const lifecycleMachine = createMachine({ id: 'object', initial: 'free', states });
