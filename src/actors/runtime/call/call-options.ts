/** Options of calls, validated by name. */

import { validateLabelSelector } from '../../../state/labels/label-syntax.ts';
import {
  abortSignal,
  integer,
  invalidArgument,
  type OptionsOf,
  optional,
  type Reader,
  readOptions,
  record,
  withDefault,
} from '../../../state/options.ts';
import { FixedPoint } from '../../../state/resources/fixed-point.ts';
import { ResourceId } from '../../../state/resources/scheduling-ids.ts';
import { isThenable } from '../../../state/thenable.ts';
import type { Demands } from '../link/messages.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Amounts of resources by name: `{ CPU: 1, licence: 0.5 }`. Fractions down to a ten-thousandth. */
export type Resources = Readonly<Record<string, number>>;
/**
 * What labels a worker must have: `{ tier: 'fast', zone: '!eu', region: 'in(us, me)' }`, after Ray's label selectors.
 */
export type LabelSelector = Readonly<Record<string, string>>;

/** A placement group, as options name it. */
export interface GroupOfBundles {
  /** In hexadecimal. */
  readonly id: string;
  readonly bundles: readonly Resources[];
}

/** What a call or actor asks of the worker that runs it. */
export interface PlacementOptions {
  /**
   * All that the call takes: where this says nothing of the CPU, it takes none. Default `{ CPU: 1 }`. `{ CPU: 0 }`: any number
   * at once, for calls that mostly wait.
   */
  readonly resources?: Resources | undefined;
  readonly labelSelector?: LabelSelector | undefined;
  /** Bundles that were set apart (`runtime.placementGroup`), whose resources are used instead of free ones. */
  readonly placementGroup?: GroupOfBundles | undefined;
  /** The number of one bundle of the group; any of them when absent. */
  readonly bundle?: number | undefined;
  /** Other selectors, tried in order while no worker fits the first one. */
  readonly fallbackStrategy?: readonly { readonly labelSelector: LabelSelector }[] | undefined;
}

/** What ends a call before it is done. Options of streams of actors; other calls have more. */
export interface CallLimits {
  /** Ends the call with an `InterruptedError`; if it has begun, its `currentTask().signal` fires. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time in milliseconds until the call is settled; then it ends with a `TimedOutError`, and is cancelled. */
  readonly deadline?: number | undefined;
}

/** Options of `submit`, `stream` and `map`. */
export interface CallOptions extends PlacementOptions, CallLimits {
  /** Calls of a higher priority begin first, wherever they wait. Default 0; may be negative. */
  readonly priority?: number | undefined;
  /**
   * How often a call is tried again that had begun when its worker died, and after errors that `retryIf` accepts. Default 3,
   * as in Ray. Calls that had not begun are always run elsewhere, without counting.
   */
  readonly retries?: number | undefined;
  /** Which errors thrown by the task are tried again. Default: none. */
  readonly retryIf?: ((error: unknown) => boolean) | undefined;
}

/** Options of a call, read. */
export interface CallPlan {
  readonly demands: Demands;
  readonly priority: number;
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number | undefined;
}

const RETRIES = 3;
const PRIORITY_LIMIT = 1_000_000;

const amount: Reader<number> = (value, name, context) => {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw invalidArgument(name, value, 'a number of 0 or more', context);
};

/** Far below what fixed-point numbers of 1/10000 hold, sums of them included. */
const QUANTITY_MAX = 1e11;
/** Of resources whose instances are told apart, such as GPUs: each is a number in a list. */
const INSTANCES_MAX = 1_024;

/** The least part of a resource: what is less would count as nothing. */
const QUANTITY_MIN = FixedPoint.fromUnits(1).toNumber();

/** Amounts of resources. A worker has whole instances only; a call may ask for a part of one. */
const quantities =
  (isWorker: boolean): Reader<Resources> =>
  (value, name, context) => {
    const read = record(amount)(value, name, context);
    for (const [resource, quantity] of Object.entries(read)) {
      const id = ResourceId.of(resource);
      if (resource === '' || id.placementGroup !== undefined)
        throw invalidArgument(
          name,
          resource,
          'names that are not those of placement groups, nor empty',
          context,
        );
      const isUnit = id.isUnitInstance;
      const most = isUnit ? INSTANCES_MAX : QUANTITY_MAX;
      const label = `${name}.${resource}`;
      if (quantity > most) throw invalidArgument(label, quantity, `at most ${most}`, context);
      if (quantity > 0 && quantity < QUANTITY_MIN)
        throw invalidArgument(label, quantity, `0 or at least ${QUANTITY_MIN}`, context);
      const isPart = isUnit && !Number.isInteger(quantity);
      if (isPart && (isWorker || quantity > 1))
        throw invalidArgument(label, quantity, 'a whole number of instances', context);
    }
    return read;
  };

const text: Reader<string> = (value, name, context) => {
  if (typeof value === 'string') return value;
  throw invalidArgument(name, value, 'a string', context);
};

const predicate: Reader<(error: unknown) => boolean> = (value, name, context) => {
  if (typeof value !== 'function') throw invalidArgument(name, value, 'a function', context);
  return (error) => {
    const answer: unknown = value(error);
    // A promise would count as true, whatever it will say.
    if (!isThenable(answer)) return Boolean(answer);
    throw invalidArgument(`what ${name} returns`, answer, 'true or false', context);
  };
};

const selectors: Reader<readonly { readonly labelSelector: LabelSelector }[]> = (value, name, context) => {
  if (!Array.isArray(value)) throw invalidArgument(name, value, 'an array', context);
  return value.map((entry: unknown, index) =>
    readOptions({ labelSelector: record(text) }, entry, `${context ?? ''}: ${name}[${index}]`),
  );
};

const group: Reader<GroupOfBundles> = (value, name, context) => {
  if (typeof value === 'object' && value !== null && 'id' in value && 'bundles' in value) {
    const { id, bundles } = value;
    if (typeof id === 'string' && Array.isArray(bundles)) return { id, bundles };
  }
  throw invalidArgument(name, value, 'a placement group', context);
};

const duration: Reader<number> = (value, name, context) => {
  if (typeof value === 'number' && value >= 0) return value;
  throw invalidArgument(name, value, 'a number of milliseconds, 0 or more', context);
};

/** @internal Readers of what a call or actor asks of its worker. */
export const PLACEMENT_SPEC = {
  resources: withDefault(quantities(false), { CPU: 1 }),
  labelSelector: withDefault(record(text), {}),
  fallbackStrategy: withDefault(selectors, []),
  placementGroup: optional(group),
  bundle: optional(integer(0)),
};

const LIMITS_SPEC = { signal: optional(abortSignal), deadline: optional(duration) };

const CALL_SPEC = {
  ...PLACEMENT_SPEC,
  ...LIMITS_SPEC,
  priority: withDefault(integer(-PRIORITY_LIMIT, PRIORITY_LIMIT), 0),
  retries: withDefault(integer(0), RETRIES),
  retryIf: optional(predicate),
};

const NO_DEMANDS: Demands = {
  resources: { CPU: 1 },
  labelSelector: {},
  fallbackStrategy: [],
  placementGroup: undefined,
  bundle: undefined,
};

const DEFAULT_PLAN: CallPlan = {
  demands: NO_DEMANDS,
  priority: 0,
  policy: { retries: RETRIES, retryIf: undefined },
  signal: undefined,
  deadlineMs: undefined,
};

/** @internal Of actors' methods: they are not called again by themselves, for what they did stays done. */
export const METHOD_PLAN: CallPlan = { ...DEFAULT_PLAN, policy: { retries: 0, retryIf: undefined } };

/** @internal Reads the options of a call of an actor's method. */
export function readMethodOptions(given: unknown, context: string): CallPlan {
  const { signal, deadline } = readOptions(LIMITS_SPEC, given, context);
  return { ...METHOD_PLAN, signal, deadlineMs: deadline };
}

/** @internal Reads the options of a call; nothing to read is the usual case. */
export function readCallOptions(given: unknown, context: string): CallPlan {
  if (given === undefined) return DEFAULT_PLAN;
  const { retries, retryIf, signal, deadline, priority, ...placement } = readOptions(
    CALL_SPEC,
    given,
    context,
  );
  return {
    demands: readDemands(placement, context),
    priority,
    policy: { retries, retryIf },
    signal,
    deadlineMs: deadline,
  };
}

/** @internal What is asked of a worker, as the scheduler hears it. */
export function readDemands(placement: OptionsOf<typeof PLACEMENT_SPEC>, context: string): Demands {
  const { resources, labelSelector, fallbackStrategy, placementGroup, bundle } = placement;
  const bundles = placementGroup?.bundles.length ?? 0;
  if (bundle !== undefined && bundle >= bundles)
    throw invalidArgument(
      'bundle',
      bundle,
      `the number of one of the ${bundles} bundles of its group`,
      context,
    );
  for (const [name, selector] of [
    ['labelSelector', labelSelector] as const,
    ...fallbackStrategy.map((option) => ['fallbackStrategy', option.labelSelector] as const),
  ]) {
    const problem = validateLabelSelector(selector);
    if (problem !== undefined)
      throw invalidArgument(name, selector, `a label selector (${problem})`, context);
  }
  return { resources, labelSelector, fallbackStrategy, placementGroup: placementGroup?.id, bundle };
}

/** @internal */
export { amount, duration, quantities, text };
