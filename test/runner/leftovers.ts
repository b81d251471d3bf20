/** What a test must not leave behind: processes, temporary files, named shared memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What was just killed takes a moment to be gone. */
const PATIENCE_MS = 1000;

/** Where it exists, named shared memory appears as files here. */
const SHARED_MEMORY = '/dev/shm';

interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** What was there a moment ago may be gone, or turn out to be somebody else's. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code !== undefined;
}

/** The file's text, or an empty one when the process has gone meanwhile or is not ours. */
function readProcessFile(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch (error) {
    if (isSystemError(error)) return '';
    throw error;
  }
}

/**
 * Processes of the group, and those that left it but carry its temporary directory in their environment. The dead that
 * nobody has waited for do not count.
 */
function linuxProcesses(group: number, temporary: string): RunningProcess[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      const status = readProcessFile(pid, 'stat');
      const [state = 'X', , groupOfProcess] = status.slice(status.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z' || state === 'X') return false;
      if (Number(groupOfProcess) === group) return true;
      // The directory itself, or one below it that a test gave to its own children.
      const [, rest = '!'] = readProcessFile(pid, 'environ').split(`TMPDIR=${temporary}`);
      return rest.startsWith('\0') || rest.startsWith('/');
    })
    .map((pid) => ({
      pid: Number(pid),
      command: readProcessFile(pid, 'cmdline').replaceAll('\0', ' ').trim().slice(0, 200),
    }));
}

function otherProcesses(group: number): RunningProcess[] {
  try {
    process.kill(-group, 0);
    return [{ pid: -group, command: 'a process of its group' }];
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

function processesOf(group: number, temporary: string): RunningProcess[] {
  return process.platform === 'linux' ? linuxProcesses(group, temporary) : otherProcesses(group);
}

/** Sends SIGKILL to a process, or with a negative number to a group; that it is gone already is no failure. */
export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** Kills what still runs of a test, and describes it. */
export async function endProcesses(group: number, temporary: string): Promise<string[]> {
  let found = processesOf(group, temporary);
  for (const start = Date.now(); found.length > 0 && Date.now() - start < PATIENCE_MS; ) {
    await sleep(20);
    found = processesOf(group, temporary);
  }
  for (const { pid } of found) killHard(pid);
  return found.map(({ pid, command }) => `it left process ${Math.abs(pid)} running: ${command}`);
}

/** Describes the files left in a test's own temporary directory. */
export function temporaryFiles(directory: string): string[] {
  return readdirSync(directory).map((name) => `it left a temporary file: ${name}`);
}

function sharedMemoryNames(): string[] {
  try {
    return readdirSync(SHARED_MEMORY);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

/** Names the shared memory that appears; each piece once. They are not removed: they may be somebody else's. */
export class SharedMemoryWatch {
  readonly #known = new Set(sharedMemoryNames());

  news(): string[] {
    const names = sharedMemoryNames().filter((name) => !this.#known.has(name));
    for (const name of names) this.#known.add(name);
    return names.map((name) => `shared memory was left in ${SHARED_MEMORY}: ${name}`);
  }
}
