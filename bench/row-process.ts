/** Entry of the process that measures rows of one module and sends their reports to the runner. */

import { measureRow, type Row, type RowReport, type Scale } from './harness.ts';
import { MODULES } from './modules.ts';

/** What the runner asks for. */
export interface RowOrder {
  readonly module: string;
  readonly rows: readonly {
    readonly name: string;
    readonly subjects: readonly string[];
  }[];
  readonly scale: Scale;
  /** Where to leave a CPU profile of each thread. */
  readonly profileFolder?: string;
}

process.once('message', async ({ module, rows, scale, profileFolder }: RowOrder) => {
  const found = await MODULES[module]?.();
  try {
    for (const { name, subjects } of rows) {
      const row = found?.rows.find((each) => each.name === name);
      if (row === undefined) throw new Error(`No row named ${name} in ${module}`);
      await send(await measureRow(await reduced(row, subjects, profileFolder), scale));
    }
  } finally {
    await found?.end?.();
  }
  process.disconnect();
});

/** The row with the subjects that are asked for. */
async function reduced(
  row: Row,
  subjects: readonly string[],
  profileFolder: string | undefined,
): Promise<Row> {
  const isAsked = (subject: string): boolean => subjects.includes(subject);
  const points = row.curve?.points.filter((_, index) => isAsked(row.subjects[index]?.name ?? ''));
  let asked = row.subjects.filter((subject) => isAsked(subject.name));
  if (profileFolder !== undefined) {
    const { profiled } = await import('./profile/profiled.ts');
    asked = asked.map((subject) => profiled(subject, row.name, profileFolder));
  }
  return {
    ...row,
    subjects: asked,
    ...(row.curve === undefined || points === undefined ? {} : { curve: { ...row.curve, points } }),
  };
}

/** Resolves when it is on its way: the process may end then. */
function send(report: RowReport): Promise<unknown> {
  return new Promise((resolve) => {
    process.send?.(report, resolve);
  });
}
