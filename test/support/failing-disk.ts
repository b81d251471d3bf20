/**
 * A disk whose writes fail when told to, as a dying one's do: a library that stands between a process and the system's
 * `pwrite`, which nothing but the copies of the spill thread uses here. Linux only.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static volatile char* control;

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("FAILING_DISK");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return;
  void* page = mmap(0, 1, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) control = page;
  close(file);
}

static ssize_t guarded(const char* name, int file, const void* bytes, size_t count, off64_t offset) {
  if (control && *control == '1') {
    errno = EIO;
    return -1;
  }
  ssize_t (*original)(int, const void*, size_t, off64_t) = dlsym(RTLD_NEXT, name);
  return original(file, bytes, count, offset);
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  return guarded("pwrite64", file, bytes, count, offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t offset) {
  return guarded("pwrite64", file, bytes, count, offset);
}
`;

export interface FailingDisk extends Disposable {
  /** For the child process whose disk it is to be. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Builds the library, or tells why that cannot be done here. */
export function makeFailingDisk(): FailingDisk | undefined {
  if (process.platform !== 'linux') {
    process.stdout.write('SKIP: writes can be made to fail on Linux only\n');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'plasmoid-failing-'));
  const [source, library, control] = ['disk.c', 'disk.so', 'control'].map((name) => join(folder, name));
  writeFileSync(source!, SOURCE);
  writeFileSync(control!, '0');
  const compiler = process.env.CC ?? 'cc';
  const built = spawnSync(compiler, ['-shared', '-fPIC', '-O1', '-o', library!, source!, '-ldl'], {
    encoding: 'utf8',
  });
  if (built.status !== 0)
    throw new Error(`${compiler} cannot build it: ${built.stderr || String(built.error)}`);
  // A sanitizer's own library has to stay first.
  const preload = [process.env.LD_PRELOAD, library].filter((path) => path !== undefined && path !== '');
  return {
    environment: { LD_PRELOAD: preload.join(':'), FAILING_DISK: control! },
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true });
    },
  };
}

/** In the child: from now on writes fail, or succeed. */
export function failWrites(fail: boolean): void {
  const control = process.env.FAILING_DISK;
  if (control === undefined) throw new Error('this process has no failing disk');
  // Never truncated: it is mapped.
  const file = openSync(control, 'r+');
  writeSync(file, fail ? '1' : '0');
  closeSync(file);
}
