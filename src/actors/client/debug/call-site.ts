/** Who called: the first frame of the stack that is not Plasmoid's own. */
import { fileURLToPath } from 'node:url';

/** The folder of the package's compiled sources. */
const OWN_FOLDER = fileURLToPath(new URL('../../../', import.meta.url));
/** Deep enough to leave the package from any of its calls. */
const FRAMES = 16;

/** Like `load (/app/pipeline.js:12:7)`; empty when nobody outside is on the stack, or it cannot be looked at. */
export function callSite(): string {
  try {
    return firstForeignFrame();
  } catch {
    // `Error` is frozen (`--frozen-intrinsics`).
    return '';
  }
}

function firstForeignFrame(): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    // Frames as V8 has them: files as they were loaded, whatever source maps say of them.
    Error.prepareStackTrace = (_error, frames) => frames;
    Error.stackTraceLimit = FRAMES;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, callSite);
    const frames: readonly NodeJS.CallSite[] = Array.isArray(holder.stack) ? holder.stack : [];
    for (const frame of frames) {
      const file = pathOf(frame.getFileName() ?? '');
      if (file === '' || file.startsWith('node:') || file.startsWith(OWN_FOLDER)) continue;
      const place = `${file}:${frame.getLineNumber()}:${frame.getColumnNumber()}`;
      const name = frame.getFunctionName();
      return name === null ? place : `${name} (${place})`;
    }
    return '';
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function pathOf(name: string): string {
  return name.startsWith('file:') ? fileURLToPath(name) : name;
}
