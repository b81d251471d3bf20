/**
 * What users may write as labels and selectors: the syntax of Kubernetes' labels (Ray, `label_utils.py`). Each function says
 * what is wrong, or undefined if nothing is. Ray's messages, so that they can be looked up.
 */
import { inspect } from 'node:util';

/** Keys that begin so are the runtime's own. */
export const RESERVED_LABEL_PREFIX = 'ray.io/';

const NAME = '[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?';
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const NAME_ONLY = new RegExp(`^${NAME}$`);
const PREFIX_ONLY = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const PREFIX_LIMIT = 253;
const SELECTOR_VALUE = new RegExp(`^!?(?:${NAME}|in\\(${NAME}(?:, ?${NAME})*\\))$`);
const NAME_RULE =
  'must be 63 chars or less beginning and ending with an alphanumeric character ([a-z0-9A-Z]) with dashes (-), ' +
  'underscores (_), dots (.), and alphanumerics between.';

/** A key: a name, with a prefix and a slash before it or not. */
export function validateLabelKey(key: string): string | undefined {
  const slash = key.lastIndexOf('/');
  const prefix = key.slice(0, Math.max(slash, 0));
  if (slash >= 0 && (prefix.length > PREFIX_LIMIT || !PREFIX_ONLY.test(prefix))) {
    return (
      `Invalid label key prefix \`${prefix}\`. Prefix must be a series of DNS labels separated by dots (.), ` +
      `not longer than ${PREFIX_LIMIT} characters in total.`
    );
  }
  const name = key.slice(slash + 1);
  return NAME_ONLY.test(name) ? undefined : `Invalid label key name \`${name}\`. Name ${NAME_RULE}`;
}

/** A node's value, which may be empty. */
export function validateLabelValue(value: string): string | undefined {
  if (value === '' || NAME_ONLY.test(value)) return undefined;
  return `Invalid label key value \`${value}\`. Value ${NAME_RULE}`;
}

/** A selector's value: `v`, `!v`, `in(a,b)`, `!in(a, b)`, or empty. */
export function validateLabelSelectorValue(value: string): string | undefined {
  if (value === '' || SELECTOR_VALUE.test(value)) return undefined;
  return (
    `Invalid label selector value \`${value}\`. The label selector value should contain optional operators and a ` +
    `label value. Supported operators are: ! and in. Value ${NAME_RULE}`
  );
}

/** A whole selector, keys and values. */
export function validateLabelSelector(selector: unknown): string | undefined {
  if (!isStringRecord(selector)) return 'The value of "label_selector" must be a dictionary.';
  return firstProblem(
    Object.entries(selector),
    ([key, value]) => validateLabelKey(key) ?? validateLabelSelectorValue(value),
  );
}

/** The labels of a node, keys and values. */
export function validateNodeLabelSyntax(labels: Readonly<Record<string, string>>): string | undefined {
  return firstProblem(
    Object.entries(labels),
    ([key, value]) => validateLabelKey(key) ?? validateLabelValue(value),
  );
}

/** That no key is the runtime's own. */
export function validateNodeLabels(labels: Readonly<Record<string, string>>): string | undefined {
  return firstProblem(Object.keys(labels), (key) =>
    key.startsWith(RESERVED_LABEL_PREFIX)
      ? `Custom label keys \`${key}\` cannot start with the prefix \`${RESERVED_LABEL_PREFIX}\`. This is reserved for Ray ` +
        'defined labels.'
      : undefined,
  );
}

/** A list of objects that have a `labelSelector` and nothing else. */
export function validateFallbackStrategy(strategy: unknown): string | undefined {
  if (strategy === undefined) return undefined;
  if (!Array.isArray(strategy)) return `The fallback strategy must be a list, but is ${inspect(strategy)}.`;
  return firstProblem(strategy, (option: unknown) => {
    if (typeof option !== 'object' || option === null || Array.isArray(option)) {
      return 'Each element in fallback_strategy must be a dictionary.';
    }
    const entries = Object.entries(option);
    if (entries.length === 0) return 'Empty dictionary found in `fallback_strategy`.';
    return firstProblem(entries, ([name, selector]: [string, unknown]) =>
      name === 'labelSelector'
        ? validateLabelSelector(selector)
        : `Unsupported option found: '${name}'. Only ['labelSelector'] is currently supported.`,
    );
  });
}

/** Whether all values are strings. */
export function isStringRecord(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((entry) => typeof entry === 'string')
  );
}

function firstProblem<T>(
  items: readonly T[],
  problemOf: (item: T) => string | undefined,
): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
