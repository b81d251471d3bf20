/** How cost grows: with the number of objects, their size, the number of workers and of those who wait. */

import type { Row } from '../harness.ts';
import { rows as churn } from './churn-rows.ts';
import { rows as memory } from './memory.ts';
import { rows as objects } from './objects.ts';
import { rows as sizes } from './sizes.ts';
import { rows as waiters } from './waiters.ts';
import { rows as workers } from './workers.ts';

export const rows: readonly Row[] = [...objects, ...sizes, ...workers, ...waiters, ...churn, ...memory];
