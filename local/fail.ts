/** Ends with one sentence, without a stack: what is wrong is the user's to mend. */
export const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};
