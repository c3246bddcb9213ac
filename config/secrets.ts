/** Tokens that vendors mark as such. Nothing of this form has any business in a policy. */
const MARKED =
  /^(sk-(?=.*\d)[\w-]{16,}|sk-(ant|proj|or|svcacct)-|sk_(live|test)_|xai-\w{16,}|gh[pousr]_\w{16,}|github_pat_|glpat-|xox[abprs]-|AKIA[0-9A-Z]{12,}|ASIA[0-9A-Z]{12,}|AIza[\w-]{20,}|eyJ[\w-]{10,}\.|-----BEGIN )/;

/** Long, without spaces, letters and digits mixed: what keys look like and names do not. */
const RANDOM = /^(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{24,}$/;

/** Whether a text is the secret itself, wherever it stands. */
export const isMarkedSecret = (text: string): boolean => MARKED.test(text);

/** Whether a text where a name is expected may be a secret, so that it must not be shown. */
export const looksSecret = (text: string): boolean =>
  isMarkedSecret(text) || RANDOM.test(text) || /^(sk|pk|ghp|xoxb)[-_]/i.test(text);
