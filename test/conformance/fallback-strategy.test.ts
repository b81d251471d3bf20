/** Ray's fallback_strategy_test. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FallbackOption,
  parseFallbackStrategy,
  serializeFallbackStrategy,
} from '../../src/state/labels/fallback-strategy.ts';
import { LabelSelector } from '../../src/state/labels/label-selector.ts';

const option = (labels: Record<string, string>) => new FallbackOption(new LabelSelector(labels));

test('FallbackStrategyTest: OptionsConstructionAndEquality', () => {
  const a = option({ region: 'us-east-1' });
  assert.ok(a.equals(option({ region: 'us-east-1' })));
  assert.not(a.equals(option({ region: 'us-west-2' })));
  assert.ok(a.equals(FallbackOption.fromWire(a.toWire())));
});

test('FallbackStrategyTest: OptionsToProto', () => {
  const options = option({ 'accelerator-type': 'A100' });
  const again = FallbackOption.fromWire(structuredClone(options.toWire()));
  assert.ok(again.equals(options));
  assert.equal(again.labelSelector.toStringMap(), { 'accelerator-type': 'A100' });
});

test('FallbackStrategyTest: OptionsHashing', () => {
  assert.is(option({ key1: 'val1' }).hash, option({ key1: 'val1' }).hash);
  assert.is.not(option({ key1: 'val1' }).hash, option({ key2: 'val2' }).hash);
});

test('FallbackStrategyTest: ParseAndSerializeStrategy', () => {
  const original = [
    option({ region: 'us-east-1', 'market-type': 'spot' }),
    option({ 'cpu-family': 'intel' }),
  ];
  const wire = serializeFallbackStrategy(original);
  assert.is(wire.options.length, 2);
  const parsed = parseFallbackStrategy(structuredClone(wire.options));
  assert.is(parsed.length, 2);
  assert.ok(parsed.every((one, index) => one.equals(original[index]!)));
  assert.equal(
    parsed.map(({ labelSelector }) => labelSelector.toStringMap()),
    [{ region: 'us-east-1', 'market-type': 'spot' }, { 'cpu-family': 'intel' }],
  );
});

test('FallbackStrategyTest: EmptyFallbackStrategy', () => {
  const parsed = parseFallbackStrategy([]);
  assert.equal(parsed, []);
  assert.equal(serializeFallbackStrategy(parsed), { options: [] });
});

test.run();
