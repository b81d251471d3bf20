/** What a test has to say although all is well: the runner shows such lines, and nothing else of a file that passed. */
export const TOLD = '> ';

export function tell(text: string): void {
  // On a line of its own: uvu writes its dots without an end.
  process.stdout.write(`\n${TOLD}${text}\n`);
}
