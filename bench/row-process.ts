/** Entry of the process that measures one row and sends its report to the runner. */

import { measureRow, type RowReport, type Scale } from './harness.ts';
import { MODULES } from './modules.ts';

/** What the runner asks for. */
export interface RowOrder {
  readonly module: string;
  readonly row: string;
  readonly scale: Scale;
}

process.once('message', async (order: RowOrder) => {
  const rows = (await MODULES[order.module]?.())?.rows ?? [];
  const row = rows.find(({ name }) => name === order.row);
  if (row === undefined) throw new Error(`No row named ${order.row} in ${order.module}`);
  const report: RowReport = await measureRow(row, order.scale);
  process.send?.(report, () => process.disconnect());
});
