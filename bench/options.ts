/** What the benchmarks can be told. */
import { parseArgs } from 'node:util';

export const HELP = `Usage: node dist/bench/main.js [options]

  --row TEXT      only rows whose name contains TEXT (may be repeated)
  --subject TEXT  only subjects whose name contains TEXT (may be repeated)
  --quick         few short rounds: a look, no figures to keep
  --ray WHICH     of the rows beside Ray: 'install' it and measure it (the default,
                  but for --quick); measure it if it is 'here'; or only show the
                  figures that were 'published'
  --json FILE     also write the reports to FILE, a list of
                  {row, results: [{subject, unit, median, p99, p999, …}], missing, claims}
  --report        also keep the figures in docs/performance/results.json and write
                  them into docs/performance.md; with --row, only those rows change
  --from FILE     run nothing: write the tables and plots of such results again
  --profile TEXT  rows whose name contains TEXT, each subject alone; leaves CPU
                  profiles of all threads in profiles/, prints their hot functions
  --list          print the names of the rows and stop
  --help          print this and stop

Each row runs in a process of its own. Median, p99 and p99.9 are over the
samples of all rounds; the ratio compares medians with the first subject.`;

export interface BenchOptions {
  readonly row: readonly string[];
  readonly subject: readonly string[];
  readonly quick: boolean;
  readonly ray: 'install' | 'here' | 'published';
  readonly json: string | undefined;
  readonly report: boolean;
  readonly from: string | undefined;
  readonly profile: string | undefined;
  readonly list: boolean;
  readonly help: boolean;
}

/** Throws a `TypeError` that names the mistake. */
export function parseOptions(argumentsGiven: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argumentsGiven],
    options: {
      row: { type: 'string', multiple: true, default: [] },
      subject: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      ray: { type: 'string' },
      json: { type: 'string' },
      report: { type: 'boolean', default: false },
      from: { type: 'string' },
      profile: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.report && values.quick) {
    throw new TypeError('--report keeps figures, and --quick gives none to keep');
  }
  if (values.report && (values.subject.length > 0 || values.profile !== undefined)) {
    throw new TypeError('--report keeps whole, undisturbed rows: not with --subject or --profile');
  }
  const ray = values.ray ?? (values.quick ? 'here' : 'install');
  if (ray !== 'install' && ray !== 'here' && ray !== 'published') {
    throw new TypeError(`--ray is install, here or published, not ${ray}`);
  }
  return { ...values, ray, json: values.json, from: values.from, profile: values.profile };
}

/** Whether a name contains one of the texts, in whatever case; every name does when there are none. */
export function isWanted(name: string, texts: readonly string[]): boolean {
  return texts.length === 0 || texts.some((text) => name.toLowerCase().includes(text.toLowerCase()));
}
