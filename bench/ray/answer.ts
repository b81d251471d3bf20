/** Lines that Ray's driver script answers with. */

/** One of them is there. */
export interface Answer {
  readonly ray?: string;
  readonly rate?: number;
  readonly error?: string;
}

/** Throws for what is no answer. */
export function parseAnswer(line: string): Answer {
  const value: unknown = JSON.parse(line);
  if (typeof value === 'object' && value !== null) {
    if ('ray' in value && typeof value.ray === 'string') return { ray: value.ray };
    if ('error' in value && typeof value.error === 'string') return { error: value.error };
    if ('rate' in value && typeof value.rate === 'number' && value.rate > 0) return { rate: value.rate };
  }
  throw new Error(`No answer of the driver of Ray: ${line}`);
}
