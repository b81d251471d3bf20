/** Entry of the process that measures one row and sends its report to the runner. */

import { measureRow, type RowReport, type Scale } from './harness.ts';
import { MODULES } from './modules.ts';

/** What the runner asks for. */
export interface RowOrder {
  readonly module: string;
  readonly row: string;
  readonly scale: Scale;
  /** Names of subjects; all of the row when there are none. */
  readonly subjects?: readonly string[];
  /** Where to leave a CPU profile of each thread. */
  readonly profileFolder?: string;
}

process.once('message', async ({ module, row: name, scale, subjects, profileFolder }: RowOrder) => {
  const rows = (await MODULES[module]?.())?.rows ?? [];
  const row = rows.find((each) => each.name === name);
  if (row === undefined) throw new Error(`No row named ${name} in ${module}`);
  const isAsked = (subject: string): boolean => subjects === undefined || subjects.includes(subject);
  const points = row.curve?.points.filter((_, index) => isAsked(row.subjects[index]?.name ?? ''));
  let asked = row.subjects.filter((subject) => isAsked(subject.name));
  if (profileFolder !== undefined) {
    const { profiled } = await import('./profile/profiled.ts');
    asked = asked.map((subject) => profiled(subject, name, profileFolder));
  }
  const report: RowReport = await measureRow(
    {
      ...row,
      subjects: asked,
      ...(row.curve === undefined || points === undefined ? {} : { curve: { ...row.curve, points } }),
    },
    scale,
  );
  process.send?.(report, () => process.disconnect());
});
