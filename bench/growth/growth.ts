/** How cost grows: with the number of objects, their size, the number of workers and of those who wait. */

import type { Row } from '../harness.ts';
import { rows as objects } from './objects.ts';

export const rows: readonly Row[] = [...objects];
