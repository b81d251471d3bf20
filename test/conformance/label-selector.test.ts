/** Ray's label_selector_test, and what its prose says beyond it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  hardNodeAffinityValues,
  LABEL_SELECTOR_OPERATOR,
  LabelConstraint,
  LabelSelector,
  NODE_ID_LABEL,
  parseLabelSelectorValue,
} from '../../src/state/labels/label-selector.ts';

const { LABEL_IN, LABEL_NOT_IN, LABEL_OPERATOR_UNSPECIFIED } = LABEL_SELECTOR_OPERATOR;

/** Key, operator and values of the constraints of a selector with one. */
function only(key: string, value: string) {
  const selector = new LabelSelector();
  selector.addConstraint(key, value);
  assert.is(selector.constraints.length, 1);
  const { operator, values } = selector.constraints[0]!;
  return { operator, values: [...values] };
}

test('LabelSelectorTest: BasicConstruction', () => {
  const labels = { 'market-type': 'spot', region: 'us-east' };
  const { constraints } = new LabelSelector(labels);
  assert.is(constraints.length, 2);
  assert.equal(
    constraints.map(({ key, operator, values }) => [key, operator, ...values]),
    Object.entries(labels).map(([key, value]) => [key, LABEL_IN, value]),
  );
});

test('LabelSelectorTest: InOperatorParsing', () => {
  assert.equal(only('region', 'in(us-west,us-east,me-central)'), {
    operator: LABEL_IN,
    values: ['us-west', 'us-east', 'me-central'],
  });
});

test('LabelSelectorTest: NotInOperatorParsing', () => {
  assert.equal(only('tier', '!in(premium,free)'), { operator: LABEL_NOT_IN, values: ['premium', 'free'] });
});

test('LabelSelectorTest: SingleValueNotInParsing', () => {
  assert.equal(only('env', '!dev'), { operator: LABEL_NOT_IN, values: ['dev'] });
});

test('LabelSelectorTest: ToStringMap', () => {
  const selector = new LabelSelector();
  assert.equal(selector.toStringMap(), {});
  selector.addConstraint(new LabelConstraint('region', LABEL_IN, ['us-west']));
  selector.addConstraint(new LabelConstraint('tier', LABEL_IN, ['prod', 'dev', 'staging']));
  selector.addConstraint(new LabelConstraint('env', LABEL_NOT_IN, ['dev']));
  selector.addConstraint(new LabelConstraint('team', LABEL_NOT_IN, ['A100', 'B200']));
  assert.equal(selector.toStringMap(), {
    region: 'us-west',
    env: '!dev',
    tier: 'in(dev,prod,staging)',
    team: '!in(A100,B200)',
  });
});

test('LabelSelectorTest: ToProto', () => {
  const written = { region: 'us-west', tier: 'in(prod,dev)', env: '!dev', team: '!in(A100,B200)' };
  const selector = new LabelSelector(written);
  assert.equal(selector.toWire(), {
    labelConstraints: [
      { labelKey: 'region', operator: LABEL_IN, labelValues: ['us-west'] },
      { labelKey: 'tier', operator: LABEL_IN, labelValues: ['dev', 'prod'] },
      { labelKey: 'env', operator: LABEL_NOT_IN, labelValues: ['dev'] },
      { labelKey: 'team', operator: LABEL_NOT_IN, labelValues: ['A100', 'B200'] },
    ],
  });
  assert.ok(LabelSelector.fromWire(structuredClone(selector.toWire())).equals(selector));
});

test('LabelSelectorTest: Deduplication', () => {
  const selector = new LabelSelector();
  const counts = [
    ['region', 'us-west', 1],
    ['region', 'us-west', 1],
    ['region', 'us-east', 2],
    ['location', 'us-east', 3],
    ['instance', 'spot', 4],
  ] as const;
  for (const [key, value, count] of counts) {
    selector.addConstraint(key, value);
    assert.is(selector.constraints.length, count);
  }
  selector.addConstraint(new LabelConstraint('instance', LABEL_IN, ['spot']));
  assert.is(selector.constraints.length, 4);
});

test('the operators have the numbers of the wire', () => {
  assert.equal([LABEL_OPERATOR_UNSPECIFIED, LABEL_IN, LABEL_NOT_IN], [0, 1, 2]);
});

test('Ray’s parser takes everything as it is', () => {
  const values = (text: string) => parseLabelSelectorValue(text, 'verbatim').values;
  assert.equal(values('in()'), []);
  assert.equal(values('in(a,)'), ['a']);
  assert.equal(values('in(a,,b)'), ['a', '', 'b']);
  assert.equal(values('in(,)'), ['']);
  assert.equal(values(''), ['']);
  assert.equal(values('in(a, b)'), ['a', ' b']);
  assert.equal(values('in(a'), ['in(a']);
  assert.equal(parseLabelSelectorValue('!', 'verbatim'), { operator: LABEL_NOT_IN, values: [''] });
  assert.equal(parseLabelSelectorValue('!!a', 'verbatim'), { operator: LABEL_NOT_IN, values: ['!a'] });
});

test('our parser means what was written with spaces', () => {
  const labels = new Map([['region', 'b']]);
  assert.ok(new LabelSelector({ region: 'in(a, b)' }).matches(labels));
  assert.not(new LabelSelector({ region: '!in(a, b)' }).matches(labels));
  assert.not(new LabelSelector({ region: 'in(a, b)' }, 'verbatim').matches(labels));
  assert.ok(new LabelSelector({ region: 'in(a, b)' }, 'verbatim').matches(new Map([['region', ' b']])));
});

test('matching: all constraints; who lacks the key is in no list', () => {
  const labels = new Map([
    ['region', 'us'],
    ['gpu', 'A100'],
  ]);
  const matches = (selector: Record<string, string>) => new LabelSelector(selector).matches(labels);
  assert.ok(matches({}));
  assert.ok(matches({ region: 'us', gpu: 'in(T4,A100)' }));
  assert.not(matches({ region: 'us', gpu: '!A100' }));
  assert.not(matches({ zone: 'a' }));
  assert.ok(matches({ zone: '!a' }));
  assert.ok(matches({ zone: '!in(a,b)' }));
  assert.not(matches({ region: 'in()' }));
  assert.ok(matches({ region: '!in()' }));
});

test('equality and hash: by constraints in order, values in none', () => {
  const selector = (pairs: [string, string][]) => new LabelSelector(pairs);
  const one = selector([
    ['a', 'in(x,y)'],
    ['b', '1'],
  ]);
  const same = selector([
    ['a', 'in(y,x)'],
    ['b', '1'],
  ]);
  const turned = selector([
    ['b', '1'],
    ['a', 'in(x,y)'],
  ]);
  assert.ok(one.equals(same));
  assert.is(one.hash, same.hash);
  assert.is(one.key, same.key);
  assert.not(one.equals(turned));
  assert.is.not(one.hash, turned.hash);
  assert.not(selector([['a', 'x']]).equals(selector([['a', '!x']])));
});

test('written as nothing, it is left out', () => {
  const selector = new LabelSelector({ a: '', b: 'in()', c: '!' });
  assert.equal(selector.toStringMap(), { b: 'in()', c: '!' });
});

test('a hard node affinity is the first list of node ids', () => {
  const affinity = (pairs: [string, string][]) => {
    const values = hardNodeAffinityValues(new LabelSelector(pairs));
    return values && [...values];
  };
  assert.is(affinity([['region', 'us']]), undefined);
  assert.is(affinity([[NODE_ID_LABEL, '!n1']]), undefined);
  assert.equal(
    affinity([
      [NODE_ID_LABEL, '!n1'],
      [NODE_ID_LABEL, 'in(n2,n3)'],
      [NODE_ID_LABEL, 'n4'],
    ]),
    ['n2', 'n3'],
  );
});

test.run();
