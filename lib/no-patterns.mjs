/**
 * Stands for re2js in the bundle of a policy that says `matches` nowhere, and so has no patterns: 150 KB less. A pattern that
 * turned up all the same would be refused as one that is not RE2, and the function would not start.
 */
export const RE2JS = {
  compile() {
    throw new Error('this bundle was made for a policy without patterns');
  },
};
