/** Which nodes a task or actor may run on, by their labels (Ray, `label_selector.h`). */
import { murmurHash64A } from '../ids/murmur-hash.ts';

/** What a constraint asks of a label. The numbers are Ray's, on the wire too. */
export const LABEL_SELECTOR_OPERATOR = Object.freeze({
  LABEL_OPERATOR_UNSPECIFIED: 0,
  LABEL_IN: 1,
  LABEL_NOT_IN: 2,
} as const);
export type LabelSelectorOperator = (typeof LABEL_SELECTOR_OPERATOR)[keyof typeof LABEL_SELECTOR_OPERATOR];

/** The label by which a node is asked for itself. */
export const NODE_ID_LABEL = 'ray.io/node-id';

const { LABEL_IN, LABEL_NOT_IN } = LABEL_SELECTOR_OPERATOR;

/**
 * What spaces around the values of a list mean. Ray's front end allows one after each comma, and its parser takes it for a
 * part of the value, so that `in(a, b)` never finds b: `verbatim`. Here spaces mean nothing unless that is asked for.
 */
export type LabelSpacing = 'trimmed' | 'verbatim';

/** A constraint on the wire: Ray's `rpc::LabelSelectorConstraint`. Plain and cloneable, the values sorted. */
export interface WireLabelConstraint {
  readonly labelKey: string;
  readonly operator: LabelSelectorOperator;
  readonly labelValues: readonly string[];
}

/** A selector on the wire: Ray's `rpc::LabelSelector`. */
export interface WireLabelSelector {
  readonly labelConstraints: readonly WireLabelConstraint[];
}

/** A label, and what its value must or must not be. */
export class LabelConstraint {
  readonly key: string;
  readonly operator: LabelSelectorOperator;
  readonly values: ReadonlySet<string>;

  constructor(key: string, operator: LabelSelectorOperator, values: Iterable<string>) {
    this.key = key;
    this.operator = operator;
    this.values = new Set(values);
  }

  /** A node without the label is not in any list of values. An unspecified operator asks for nothing. */
  matches(labels: ReadonlyMap<string, string>): boolean {
    const value = labels.get(this.key);
    const isIn = value !== undefined && this.values.has(value);
    if (this.operator === LABEL_IN) return isIn;
    return this.operator !== LABEL_NOT_IN || !isIn;
  }

  equals(other: LabelConstraint): boolean {
    return (
      this.key === other.key &&
      this.operator === other.operator &&
      this.values.size === other.values.size &&
      [...this.values].every((value) => other.values.has(value))
    );
  }

  toWire(): WireLabelConstraint {
    return { labelKey: this.key, operator: this.operator, labelValues: [...this.values].sort() };
  }
}

/** All its constraints must hold; of no constraint, every node will do. Their order counts for equality. */
export class LabelSelector {
  readonly #constraints: LabelConstraint[] = [];

  /** From `{ region: 'in(us,eu)' }` or pairs, in order. What is wrong with the syntax is said in `label-syntax.ts`. */
  constructor(
    selector: Readonly<Record<string, string>> | Iterable<readonly [string, string]> = [],
    spacing: LabelSpacing = 'trimmed',
  ) {
    for (const [key, value] of isIterable(selector) ? selector : Object.entries(selector)) {
      this.addConstraint(key, value, spacing);
    }
  }

  static fromWire({ labelConstraints }: WireLabelSelector): LabelSelector {
    const selector = new LabelSelector();
    for (const { labelKey, operator, labelValues } of labelConstraints) {
      selector.#constraints.push(new LabelConstraint(labelKey, operator, labelValues));
    }
    return selector;
  }

  get constraints(): readonly LabelConstraint[] {
    return this.#constraints;
  }

  get isEmpty(): boolean {
    return this.#constraints.length === 0;
  }

  /** One that is there already is not added again. */
  addConstraint(constraint: LabelConstraint): void;
  addConstraint(key: string, value: string, spacing?: LabelSpacing): void;
  addConstraint(keyOrConstraint: string | LabelConstraint, value = '', spacing?: LabelSpacing): void {
    let constraint: LabelConstraint;
    if (typeof keyOrConstraint === 'string') {
      const { operator, values } = parseLabelSelectorValue(value, spacing);
      constraint = new LabelConstraint(keyOrConstraint, operator, values);
    } else {
      constraint = keyOrConstraint;
    }
    if (!this.#constraints.some((known) => known.equals(constraint))) this.#constraints.push(constraint);
  }

  matches(labels: ReadonlyMap<string, string>): boolean {
    return this.#constraints.every((constraint) => constraint.matches(labels));
  }

  equals(other: LabelSelector): boolean {
    return (
      this.#constraints.length === other.constraints.length &&
      this.#constraints.every((constraint, index) => constraint.equals(other.constraints[index]!))
    );
  }

  /** A text that equal selectors share, and no others: the key for a `Map` of selectors. */
  get key(): string {
    return this.isEmpty ? '' : JSON.stringify(this.toWire().labelConstraints.map(Object.values));
  }

  /** Equal selectors have the same. */
  get hash(): bigint {
    return murmurHash64A(new DataView(new TextEncoder().encode(this.key).buffer));
  }

  /** Ray's `ToProto`. */
  toWire(): WireLabelSelector {
    return { labelConstraints: this.#constraints.map((constraint) => constraint.toWire()) };
  }

  /**
   * The way users write it, by key, the values of lists sorted. The last of several constraints on one key, and none that
   * is written as nothing.
   */
  toStringMap(): Record<string, string> {
    const written = this.#constraints.map(
      (constraint) => [constraint.key, writtenValue(constraint)] as const,
    );
    return Object.fromEntries(written.filter(([, value]) => value !== ''));
  }

  /** Ray's `DebugString`. */
  toString(): string {
    const parts = this.toWire().labelConstraints.map(({ labelKey, operator, labelValues }) => {
      const name = operator === LABEL_IN ? 'in' : operator === LABEL_NOT_IN ? '!in' : '';
      return `'${labelKey}': ${name} (${labelValues.map((value) => `'${value}'`).join(', ')})`;
    });
    return `{${parts.join(', ')}}`;
  }
}

/** What a selector's value says. */
export interface ParsedLabelValue {
  readonly operator: typeof LABEL_IN | typeof LABEL_NOT_IN;
  readonly values: readonly string[];
}

/**
 * Reads `v`, `!v`, `in(a,b)` or `!in(a,b)`. It validates nothing: whatever is no list is a value. Of a list, a comma at the
 * end adds no value, two in a row an empty one.
 */
export function parseLabelSelectorValue(text: string, spacing: LabelSpacing = 'trimmed'): ParsedLabelValue {
  const isNegated = text.startsWith('!');
  const value = isNegated ? text.slice(1) : text;
  const operator = isNegated ? LABEL_NOT_IN : LABEL_IN;
  if (!value.startsWith('in(') || !value.endsWith(')')) return { operator, values: [value] };
  const tokens = value.slice('in('.length, -1).split(',');
  const values = spacing === 'verbatim' ? tokens : tokens.map((token) => token.trim());
  if (values.at(-1) === '') values.pop();
  return { operator, values };
}

/** Ray's `GetHardNodeAffinityValues`: the nodes that are asked for by their ids, or undefined if none are. */
export function hardNodeAffinityValues(selector: LabelSelector): ReadonlySet<string> | undefined {
  return selector.constraints.find(({ key, operator }) => key === NODE_ID_LABEL && operator === LABEL_IN)
    ?.values;
}

function writtenValue({ operator, values }: LabelConstraint): string {
  if (operator !== LABEL_IN && operator !== LABEL_NOT_IN) return '';
  const sorted = [...values].sort();
  const list = sorted.length === 1 ? sorted[0]! : `in(${sorted.join()})`;
  return operator === LABEL_IN ? list : `!${list}`;
}

function isIterable(
  selector: Readonly<Record<string, string>> | Iterable<readonly [string, string]>,
): selector is Iterable<readonly [string, string]> {
  return Symbol.iterator in selector;
}
