/** A line of its own, past `console`: Lambda would wrap that in another JSON, where CloudWatch finds no metrics. */
export const lambdaLog = (line: string): void => void process.stdout.write(`${line}\n`);

/** What only a bug can cause, with its stack. Callers never see it. */
export const logBug = (id: string, error: unknown): void =>
  lambdaLog(JSON.stringify({ kind: 'bug', id, stack: error instanceof Error ? error.stack : String(error) }));
