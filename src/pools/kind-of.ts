/** What an object is, by the engine's own word. */
import { bridge } from './bridge.ts';

export const { kindOf } = bridge;
