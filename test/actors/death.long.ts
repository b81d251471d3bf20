// deadline: 1800 s
import { test } from 'uvu';
import { deathCampaign } from './death-campaign.ts';

deathCampaign(900);
test.run();
