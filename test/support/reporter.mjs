/** Ends a run with one plain line that people and programs can read. */
export default class Reporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    // A suite that could not even start has failed, though none of its tests did.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests === 0 ? '' : `, ${numPendingTests} skipped`;
    process.stderr.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
  }
}
