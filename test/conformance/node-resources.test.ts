/** What Ray's prose says of nodes: when a request fits, and when it ever could. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LabelSelector } from '../../src/state/labels/label-selector.ts';
import {
  resourceMapToNodeResources,
  resourceMapToResourceRequest,
} from '../../src/state/resources/node-resources.ts';
import { ResourceRequest } from '../../src/state/resources/resource-request.ts';

test('IsAvailable: object store memory while objects are fetched, labels, quantities', () => {
  const node = resourceMapToNodeResources({ CPU: 4 }, { CPU: 1 }, { region: 'us' });
  assert.ok(node.isAvailable(resourceMapToResourceRequest({ CPU: 1 }, true)));
  assert.not(node.isAvailable(resourceMapToResourceRequest({ CPU: 2 }, false)));
  assert.not(node.isAvailable(resourceMapToResourceRequest({ GPU: 1 }, false)));
  const labelled = (region: string) =>
    new ResourceRequest({ CPU: 1 }, { labelSelector: new LabelSelector({ region }) });
  assert.ok(node.isAvailable(labelled('in(eu,us)')));
  assert.not(node.isAvailable(labelled('!us')));
  node.objectPullsQueued = true;
  assert.not(node.isAvailable(resourceMapToResourceRequest({ CPU: 1 }, true)));
  assert.ok(node.isAvailable(resourceMapToResourceRequest({ CPU: 1 }, true), true));
  assert.ok(node.isAvailable(resourceMapToResourceRequest({ CPU: 1 }, false)));
});

test('IsFeasible: labels and totals', () => {
  const node = resourceMapToNodeResources({ CPU: 4 }, { CPU: 1 }, { region: 'us' });
  node.objectPullsQueued = true;
  assert.ok(node.isFeasible(resourceMapToResourceRequest({ CPU: 4 }, true)));
  assert.not(node.isFeasible(resourceMapToResourceRequest({ CPU: 5 }, false)));
  const labelSelector = new LabelSelector({ region: 'eu' });
  assert.not(node.isFeasible(new ResourceRequest({ CPU: 1 }, { labelSelector })));
});

test('the utilisation is that of the critical resource that is used most', () => {
  const used = (total: Record<string, number>, available: Record<string, number>) =>
    resourceMapToNodeResources(total, available).calculateCriticalResourceUtilization();
  assert.is(used({ CPU: 4, memory: 100, GPU: 1 }, { CPU: 3, memory: 50, GPU: 0 }), 0.5);
  assert.is(used({ GPU: 1 }, { GPU: 0 }), 0);
  assert.is(used({ CPU: 1 }, { CPU: -1 }), 2);
});

test('nodes are equal by totals, what is left and labels', () => {
  const node = () => resourceMapToNodeResources({ CPU: 4 }, { CPU: 1 }, { region: 'us' });
  assert.ok(node().equals(node()));
  assert.not(node().equals(resourceMapToNodeResources({ CPU: 4 }, { CPU: 2 }, { region: 'us' })));
  assert.not(node().equals(resourceMapToNodeResources({ CPU: 4 }, { CPU: 1 }, { region: 'eu' })));
});

test.run();
