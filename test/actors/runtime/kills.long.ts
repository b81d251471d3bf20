// deadline: 600 s
/** The campaign of kills.test.ts at length. */
import { test } from 'uvu';
import { readSeed } from '../../support/random.ts';
import { runKillCampaign } from './kill-campaign.ts';

test('10,000 calls of all kinds, while workers die', () => runKillCampaign(10_000, readSeed()));

test.run();
