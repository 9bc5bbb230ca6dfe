/** Sends whatever a library prints to stderr: stdout belongs to answers, with `--json` to one object alone. */
export function keepStdoutForAnswers(): void {
  for (const word of ['log', 'info', 'debug', 'dir', 'table'] as const) console[word] = console.error;
}
