/**
 * A redis server of one's own over a unix socket, without a port and without anything kept on disk, and ioredis, which
 * answered sooner here than the package `redis` at 1 KiB. *Pipelined* is its `enableAutoPipelining`: commands of one
 * turn of the event loop go out as one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Unavailable } from '../harness.ts';

const START_MS = 5_000;

/**
 * The shell outlives this process: when the pipe to it closes, for whatever reason, it ends the server and removes the
 * folder.
 */
const SERVER = `
trap '' INT TERM HUP
command -v redis-server >/dev/null || exit 127
redis-server --port 0 --unixsocket "$0/socket" --dir "$0" --save '' --appendonly no </dev/null >/dev/null 2>&1 &
cat >/dev/null
kill -KILL $!
wait $!
rm -rf "$0"
`;

export interface RedisServer {
  readonly client: Redis;
  readonly end: () => Promise<void>;
}

export async function openRedis(enableAutoPipelining: boolean): Promise<RedisServer | Unavailable> {
  const directory = mkdtempSync(join(tmpdir(), 'plasmoid-bench-redis-'));
  const path = join(directory, 'socket');
  const shell = spawn('/bin/sh', ['-c', SERVER, directory], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(shell, 'exit');
  if (!(await appears(path, shell))) {
    shell.stdin?.end();
    await ended;
    rmSync(directory, { recursive: true, force: true });
    return new Unavailable(
      shell.exitCode === 127 ? 'no redis-server is installed' : 'redis-server does not start',
    );
  }
  const { Redis } = await import('ioredis');
  const client = new Redis({ path, enableAutoPipelining });
  await client.ping();
  return {
    client,
    end: async () => {
      client.disconnect();
      shell.stdin?.end();
      await ended;
    },
  };
}

/** Whether the server has made its socket, unless its shell ends before. */
async function appears(path: string, shell: ChildProcess): Promise<boolean> {
  const startedMs = performance.now();
  while (shell.exitCode === null && performance.now() - startedMs < START_MS) {
    if (existsSync(path)) return true;
    await sleep(5);
  }
  return false;
}
