/** Which functions a CPU profile was in. */
import { basename } from 'node:path';

/** The parts of a `.cpuprofile` that matter here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0. */
      readonly lineNumber: number;
    };
  }[];
  /** Ids of nodes. */
  readonly samples?: readonly number[] | undefined;
  /** Microseconds before each sample. */
  readonly timeDeltas?: readonly number[] | undefined;
}

export interface SelfTime {
  /** Name, file and line. */
  readonly name: string;
  readonly ms: number;
  /** Of the time in which the thread was not idle. */
  readonly share: number;
}

/** V8's names of times in which no function ran because there was nothing to do. */
const IDLE = '(idle)';

/** The functions with the most time of their own, without that of what they call; the highest first. */
export function selfTimes({ nodes, samples = [], timeDeltas = [] }: CpuProfile, limit: number): SelfTime[] {
  const names = new Map(nodes.map((node) => [node.id, describe(node.callFrame)]));
  const microseconds = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id);
    // A delta is the time since the sample before; so what lies after a sample is its own.
    const spent = Math.max(0, timeDeltas[index + 1] ?? 0);
    if (name !== undefined && name !== IDLE) microseconds.set(name, (microseconds.get(name) ?? 0) + spent);
  });
  const total = [...microseconds.values()].reduce((sum, spent) => sum + spent, 0);
  return [...microseconds]
    .sort(([, one], [, other]) => other - one)
    .slice(0, limit)
    .map(([name, spent]) => ({ name, ms: spent / 1000, share: total === 0 ? 0 : spent / total }));
}

function describe({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)';
  return url === '' ? name : `${name}, ${basename(url)}:${lineNumber + 1}`;
}
