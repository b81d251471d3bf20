// deadline: 300 s
import { test } from 'uvu';
import { deathCampaign } from './death-campaign.ts';

deathCampaign(100);
test.run();
