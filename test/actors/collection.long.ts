// deadline: 1200 s
import { test } from 'uvu';
import { collectionTests } from './collection-rounds.ts';

collectionTests(100_000);
test.run();
