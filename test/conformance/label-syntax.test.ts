/** Ray's test_label_utils: what users may write. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError } from '../../src/state/errors.ts';
import { LabelSelector } from '../../src/state/labels/label-selector.ts';
import {
  validateFallbackStrategy,
  validateLabelKey,
  validateLabelSelector,
  validateLabelSelectorValue,
  validateLabelValue,
  validateNodeLabelSyntax,
  validateNodeLabels,
} from '../../src/state/labels/label-syntax.ts';
import { parseNodeLabelsJson, parseNodeLabelsString } from '../../src/state/labels/node-labels.ts';

const saying = (message: string) => (error: unknown) =>
  error instanceof InvalidArgumentError && error.message.includes(message);

/** Each argument with the beginning of what is wrong with it. */
function check<T>(
  validate: (value: T) => string | undefined,
  cases: readonly (readonly [T, string | undefined])[],
): void {
  for (const [value, expected] of cases) {
    const problem = validate(value);
    const isAsExpected = expected === undefined ? problem === undefined : problem?.includes(expected);
    assert.ok(isAsExpected, `${JSON.stringify(value)}: ${problem}`);
  }
}

test('test_parse_node_labels_from_string', () => {
  const parse = (text: string) => Object.fromEntries(parseNodeLabelsString(text));
  assert.equal(parse(''), {});
  assert.equal(parse('region='), { region: '' });
  const two = { 'ray.io/accelerator-type': 'A100', region: 'us-west4' };
  assert.equal(parse('ray.io/accelerator-type=A100,region=us-west4'), two);
  assert.equal(parse('"ray.io/accelerator-type=A100 , region=us-west4"'), two);
  assert.throws(
    () => parse('ray.io/accelerator-type=type=A100'),
    saying('Label string is not a key-value pair'),
  );
});

test('test_parse_node_labels_from_json', () => {
  const parse = (text: string) => Object.fromEntries(parseNodeLabelsJson(text));
  assert.equal(parse('{}'), {});
  assert.throws(
    () => parse('{"ray.io/accelerator-type": "A100"}'),
    saying('reserved for Ray defined labels'),
  );
  assert.equal(parse('{"region":""}'), { region: '' });
  const two = { 'accelerator-type': 'A100', region: 'us-west4' };
  assert.equal(parse(JSON.stringify(two)), two);
  assert.throws(() => parse('{500:"A100"}'), saying('no JSON'));
  assert.throws(() => parse('{"accelerator-type":500}'), saying('not an object of strings'));
  assert.throws(() => parse('[]'), saying('not an object of strings'));
});

test('test_validate_node_label_syntax', () => {
  check(validateNodeLabelSyntax, [
    [{ '!invalidPrefix/accelerator-type': 'A100' }, 'Invalid label key prefix'],
    [{ '!!accelerator-type?': 'A100' }, 'Invalid label key name'],
    [{ 'accelerator-type': '??' }, 'Invalid label key value'],
    [{ 'accelerator-type': 'A100' }, undefined],
  ]);
});

test('test_validate_label_key', () => {
  check(validateLabelKey, [
    ['ray.io/accelerator-type', undefined],
    ['region', undefined],
    ['-region', 'Invalid label key name'],
    ['region-', 'Invalid label key name'],
    ['ray!.io/accelerator-type', 'Invalid label key prefix'],
    ['a'.repeat(64), 'Invalid label key name'],
    ['a'.repeat(63), undefined],
    [`${'a.'.repeat(126)}b/name`, undefined],
    [`${'a.'.repeat(126)}bc/name`, 'Invalid label key prefix'],
    ['sub..domain/name', 'Invalid label key prefix'],
    ['prefix_/name', 'Invalid label key prefix'],
    ['/name', 'Invalid label key prefix'],
    ['a/b/name', 'Invalid label key prefix'],
    ['prefix/', 'Invalid label key name'],
  ]);
});

test('test_validate_label_value', () => {
  check(validateLabelValue, [
    ['', undefined],
    ['valid-value', undefined],
    ['_underscore-start', 'Invalid label key value'],
    ['dash-end-', 'Invalid label key value'],
    ['@invalid', 'Invalid label key value'],
    ['a'.repeat(64), 'Invalid label key value'],
    ['line\n', 'Invalid label key value'],
  ]);
});

test('test_validate_label_selector', () => {
  check(validateLabelSelector, [
    [{ region: 'us-west4' }, undefined],
    [{ 'ray.io/accelerator-type': 'A100' }, undefined],
    [{ region: '' }, undefined],
    [{ '': 'valid-value' }, 'Invalid label key name'],
    [{ '!-invalidkey': 'valid-value' }, 'Invalid label key name'],
    [{ 'valid-key': 'a'.repeat(64) }, 'Invalid label selector value'],
    ['region', 'must be a dictionary'],
  ]);
});

test('test_validate_label_selector_value', () => {
  const invalid = 'Invalid label selector value';
  check(validateLabelSelectorValue, [
    ['spot', undefined],
    ['!GPU', undefined],
    ['in(A123, B456, C789)', undefined],
    ['!in(spot, on-demand)', undefined],
    ['valid-value', undefined],
    ['213521', undefined],
    ['-spot', invalid],
    ['spot_', invalid],
    ['in()', invalid],
    ['in(spot,', invalid],
    ['in(a,  b)', invalid],
    ['in(H100, TPU!GPU)', invalid],
    ['!!!in(H100, TPU)', invalid],
    ['(H100)', invalid],
    ['a'.repeat(64), invalid],
  ]);
});

test('test_validate_node_labels', () => {
  check(validateNodeLabels, [
    [{ 'ray.io/accelerator-type': 'A100' }, 'This is reserved for Ray defined labels.'],
    [{ 'accelerator-type': 'A100' }, undefined],
  ]);
});

test('test_validate_fallback_strategy', () => {
  const selectors = (...all: Record<string, string>[]) => all.map((labelSelector) => ({ labelSelector }));
  check<unknown>(validateFallbackStrategy, [
    [undefined, undefined],
    [[], undefined],
    [
      [{ labelSelector: { 'valid-key': 'valid-value' }, memory: '500m' }],
      "Unsupported option found: 'memory'.",
    ],
    [[{}], 'Empty dictionary found in `fallback_strategy`.'],
    [[null], 'must be a dictionary'],
    [{}, 'must be a list'],
    [selectors({ 'ray.io/availability-region': 'us-west4' }), undefined],
    [
      selectors({ 'ray.io/availability-zone': 'us-central1-a' }, { 'ray.io/accelerator-type': 'A100' }),
      undefined,
    ],
    [selectors({ 'valid-key': 'valid-value' }, { '-!!invalid-key': 'value' }), 'Invalid label key name'],
    [selectors({ 'valid-key': 'valid-value' }, { key: '-invalid-value!!' }), 'Invalid label selector value'],
  ]);
});

test('test_match_label_selector_value', () => {
  const cases: [string | undefined, string, boolean][] = [
    ['us-west', 'us-west', true],
    ['us-east', 'us-west', false],
    [undefined, 'us-west', false],
    ['us-west', '!us-east', true],
    ['us-east', '!us-east', false],
    [undefined, '!us-east', true],
    ['A100', 'in(A100, H100)', true],
    ['T4', 'in(A100, H100)', false],
    [undefined, 'in(A100, H100)', false],
    ['value', 'in(value)', true],
    ['T4', '!in(A100, H100)', true],
    ['A100', '!in(A100, H100)', false],
    [undefined, '!in(A100, H100)', true],
  ];
  for (const [value, selector, expected] of cases) {
    const labels = new Map(value === undefined ? [] : [['key', value] as const]);
    assert.is(new LabelSelector({ key: selector }).matches(labels), expected, `${value} ${selector}`);
  }
});

test.run();
