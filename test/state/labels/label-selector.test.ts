/** Selectors, written and read again. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  LABEL_SELECTOR_OPERATOR,
  LabelConstraint,
  LabelSelector,
} from '../../../src/state/labels/label-selector.ts';
import { validateLabelSelector } from '../../../src/state/labels/label-syntax.ts';
import { readSeed } from '../../support/random.ts';

const { LABEL_IN, LABEL_NOT_IN } = LABEL_SELECTOR_OPERATOR;
const name = fc.stringMatching(/^[a-zA-Z0-9]([a-z0-9_.-]{0,5}[a-zA-Z0-9])?$/);
const constraint = fc
  .record({
    key: name,
    operator: fc.constantFrom(LABEL_IN, LABEL_NOT_IN),
    values: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
  })
  .map(({ key, operator, values }) => new LabelConstraint(key, operator, values));
const constraints = fc.uniqueArray(constraint, { maxLength: 5, selector: ({ key }) => key });

function selectorOf(all: readonly LabelConstraint[]): LabelSelector {
  const selector = new LabelSelector();
  for (const one of all) selector.addConstraint(one);
  return selector;
}

test('written, validated and read again, it is the same; on the wire too', () => {
  fc.assert(
    fc.property(constraints, (all) => {
      const selector = selectorOf(all);
      const written = selector.toStringMap();
      assert.is(validateLabelSelector(written), undefined);
      // Keys that look like numbers change their places in an object, so the order is taken from the constraints.
      const pairs = all.map(({ key }): [string, string] => [key, written[key]!]);
      for (const read of [
        new LabelSelector(pairs),
        new LabelSelector(pairs, 'verbatim'),
        new LabelSelector(pairs.map(([key, value]) => [key, value.replaceAll(',', ', ')])),
        LabelSelector.fromWire(structuredClone(selector.toWire())),
      ]) {
        assert.ok(read.equals(selector));
        assert.is(read.hash, selector.hash);
        assert.is(read.key, selector.key);
      }
    }),
    { numRuns: 300, seed: readSeed() },
  );
});

test('matching is what it says, by definition', () => {
  const few = fc.constantFrom('a', 'b', 'c');
  const small = fc
    .record({
      key: few,
      operator: fc.constantFrom(LABEL_IN, LABEL_NOT_IN),
      values: fc.uniqueArray(few, { maxLength: 3 }),
    })
    .map(({ key, operator, values }) => new LabelConstraint(key, operator, values));
  fc.assert(
    fc.property(fc.array(small, { maxLength: 3 }), fc.dictionary(few, few), (all, labels) => {
      const expected = all.every(({ key, operator, values }) => {
        const value = labels[key];
        const isListed = [...values].some((listed) => listed === value);
        return operator === LABEL_IN ? isListed : !isListed;
      });
      assert.is(selectorOf(all).matches(new Map(Object.entries(labels))), expected);
    }),
    { numRuns: 300, seed: readSeed() },
  );
});

test.run();
