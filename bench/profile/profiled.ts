/** Subjects whose run is profiled: all rounds, the first too, without set-up and tear-down. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Subject, Unavailable } from '../harness.ts';
import { selfTimes } from './self-time.ts';
import { ThreadProfiler } from './thread-profiler.ts';

const FUNCTIONS = 10;

/** The same subject; when it ends, it leaves a profile of each thread in the folder and prints the hottest functions. */
export function profiled(subject: Subject, row: string, folder: string): Subject {
  return {
    name: subject.name,
    setUp: async (scale) => {
      const profiler = new ThreadProfiler();
      profiler.attach();
      const run = await subject.setUp(scale);
      if (run instanceof Unavailable) {
        await profiler.stop();
        return run;
      }
      let isOn = false;
      return {
        round: () => {
          if (!isOn) profiler.start();
          isOn = true;
          return run.round();
        },
        tearDown: async () => {
          const stem = fileName(`${row} ${subject.name}`);
          mkdirSync(folder, { recursive: true });
          for (const { thread, profile } of await profiler.stop()) {
            const path = join(folder, `${stem}.${thread}.cpuprofile`);
            writeFileSync(path, JSON.stringify(profile));
            console.log(`${subject.name}, ${thread} (${path})`);
            for (const { name, ms, share } of selfTimes(profile, FUNCTIONS)) {
              console.log(
                `  ${`${(share * 100).toFixed(1)} %`.padStart(7)} ${ms.toFixed(1).padStart(9)} ms  ${name}`,
              );
            }
          }
          await run.tearDown?.();
        },
      };
    },
  };
}

function fileName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
