/** Where rows come from, in the order they run. */

import type { Row, RowModule } from './harness.ts';

export const MODULES: Readonly<Record<string, () => Promise<RowModule>>> = {
  store: () => import('./store.ts'),
  copy: () => import('./copy.ts'),
  ring: () => import('./ring.ts'),
  channel: () => import('./channel.ts'),
  fairness: () => import('./fairness.ts'),
  spill: () => import('./spill.ts'),
  allocator: () => import('./allocator.ts'),
  tasks: () => import('./tasks.ts'),
  budget: () => import('./budget.ts'),
  peers: () => import('./peers/peers.ts'),
  growth: () => import('./growth/growth.ts'),
  ray: () => import('./ray/rows.ts'),
};

/** A row, and the module to find it in. */
export interface LocatedRow {
  readonly module: string;
  readonly row: Row;
}

export async function allRows(): Promise<LocatedRow[]> {
  const located: LocatedRow[] = [];
  for (const [module, load] of Object.entries(MODULES)) {
    for (const row of (await load()).rows) located.push({ module, row });
  }
  return located;
}
