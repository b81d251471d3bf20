/** Plasmoid beside libraries that do the same work, and beside bounds that nothing can beat. */
import type { Row } from '../harness.ts';
import { actorRows } from './actor-rows.ts';
import { boundRows } from './bound-rows.ts';
import { cacheRows } from './cache-rows.ts';
import { taskRows } from './task-rows.ts';
import { valueRows } from './value-rows.ts';

export const rows: readonly Row[] = [...taskRows, ...actorRows, ...valueRows, ...cacheRows, ...boundRows];
