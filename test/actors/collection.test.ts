// deadline: 180 s
import { test } from 'uvu';
import { collectionTests } from './collection-rounds.ts';

collectionTests(10_000);
test.run();
