import { CUSTOM_HEADER, MAX_FORWARDED_HEADERS, MAX_HEADER_BYTES, OBO_TOKEN_HEADER } from '../../core/agent.ts';
import type { Hidden } from '../../core/hidden.ts';
import { Refusal } from '../../core/refusal.ts';

type Headers = Readonly<Record<string, string>>;

/** Names are those of headers, which the policy chose: safe to repeat. */
const tooLarge = (header: string, expected: string): Refusal =>
  new Refusal('identity_too_large', { header }, { param: header, expected });

/** Errors: `Refusal('identity_too_large')`, which says what does not fit and what would. */
export const withinLimits = (headers: Headers): Headers => {
  const names = Object.keys(headers);
  for (const name of names)
    if (Buffer.byteLength(headers[name] ?? '') > MAX_HEADER_BYTES)
      throw tooLarge(shortName(name), `at most ${MAX_HEADER_BYTES} bytes`);
  if (names.length > MAX_FORWARDED_HEADERS) throw tooLarge('headers', `at most ${MAX_FORWARDED_HEADERS} of them`);
  return headers;
};

const shortName = (name: string): string => name.replace(CUSTOM_HEADER, '');

export const oboHeader = (token: Hidden | undefined): Headers =>
  token === undefined ? {} : { [OBO_TOKEN_HEADER]: token.open() };
