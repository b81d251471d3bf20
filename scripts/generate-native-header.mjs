// Writes native-bridge/generated/layout.h from the layouts in src/state. Run after a build; a test compares the two.
import { mkdirSync, writeFileSync } from 'node:fs';
import { renderNativeHeader } from '../dist/src/state/native-header.js';

const folder = new URL('../native-bridge/generated/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('layout.h', folder), renderNativeHeader());
