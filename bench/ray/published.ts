/**
 * Ray's own figures, for machines where Ray cannot run. Not measured here: other machine, other version.
 *
 * From `release/perf_metrics/microbenchmark.json` of the Ray project, of release 2.48.0, which its release tests measured
 * on a server with 64 virtual processors and 256 GiB (AWS m5.16xlarge). Three significant digits.
 */

import type { Subject } from '../harness.ts';

const VERSION = '2.48.0';

/** By Ray's name of the row, in the row's unit. */
export const PUBLISHED: Readonly<Record<string, number>> = {
  'single client get calls (Plasma Store)': 10_600,
  'single client put calls (Plasma Store)': 5_170,
  'multi client put calls (Plasma Store)': 16_500,
  'single client put gigabytes': 19.9,
  'single client tasks and get batch': 5.8,
  'multi client put gigabytes': 38.1,
  'single client get object containing 10k refs': 13.4,
  'single client wait 1k refs': 5.08,
  'single client tasks sync': 981,
  'single client tasks async': 8_040,
  'multi client tasks async': 21_200,
  '1:1 actor calls sync': 2_010,
  '1:1 actor calls async': 8_660,
  '1:1 actor calls concurrent': 5_780,
  '1:n actor calls async': 8_040,
  'n:n actor calls async': 27_400,
  'n:n actor calls with arg async': 2_760,
  '1:1 async-actor calls sync': 1_460,
  '1:1 async-actor calls async': 4_260,
  '1:1 async-actor calls with args async': 2_840,
  '1:n async-actor calls async': 7_380,
  'n:n async-actor calls async': 23_700,
  'placement group create/removal': 765,
};

/** Stands in for Ray where it cannot run. No claim is made against it. */
export function publishedSubject(rayName: string): Subject {
  return {
    name: `Ray ${VERSION}, published (large server), not measured`,
    setUp: () => {
      const figure = PUBLISHED[rayName];
      if (figure === undefined) throw new Error(`Ray has published nothing of "${rayName}"`);
      return { round: () => figure };
    },
  };
}
