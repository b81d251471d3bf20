// Writes native-bridge/generated/layout.h from the layouts in src/state. A test compares the two.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

// The rules are compiled first: the rest of the build needs the header that they describe.
execFileSync('npx', ['--no-install', 'tsc'], { stdio: 'inherit' });
const { renderNativeHeader } = await import('../dist/src/state/native-header.js');

const folder = new URL('../native-bridge/generated/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('layout.h', folder), renderNativeHeader());
