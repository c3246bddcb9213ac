import * as z from 'zod';
import { DURATION, toMilliseconds } from './duration.ts';
import { isRedirectUri } from './redirect-uri.ts';

// The sentence beside each value says what is accepted: the loader prints it after "expected".

export const text = (expected = 'text') => z.string(expected).min(1, expected).max(4_096, expected);

const matching = (pattern: RegExp, expected: string) => z.string(expected).regex(pattern, expected);

export const name = matching(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a name of lower-case letters, digits and hyphens');

/** The prefix of its tools: no underscore, so that `__` ends it, and short, so that they have room (G1). */
export const serverName = matching(
  /^(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  'a name of at most 32 lower-case letters and digits, with single hyphens between them',
);

export const headerName = matching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'the name of a header');

/** CloudFormation's rule for stacks, which are named after it. */
export const gatewayName = matching(
  /^[a-z][a-z0-9-]{0,62}$/,
  'a name of lower-case letters, digits and hyphens, a letter first',
);

export const modelAlias = matching(
  /^[a-z0-9][a-z0-9._-]{0,62}$/,
  'a name of lower-case letters, digits, dots and hyphens',
);

/** `provider/model`; everything after the first slash is the provider's own name. */
export const modelTarget = matching(/^[a-z0-9][a-z0-9-]*\/\S+$/, 'provider/model, as in openai/gpt-4o').max(
  512,
  'provider/model of at most 512 characters',
);

/** What a provider calls a model itself. */
export const modelName = matching(/^[\x21-\x7e]{1,256}$/, "a provider's own name of a model");

/** What a route lists: an alias, or `provider/model` in which `*` stands for anything. */
export const routeModel = matching(
  /^([a-z0-9][a-z0-9._-]{0,62}|[a-z0-9][a-z0-9-]*\/\S+)$/,
  'a name under models, or provider/model in which * stands for anything',
);

export const routePath = matching(
  /^(\/[A-Za-z0-9][A-Za-z0-9._~-]*)+$/,
  'a path such as /anthropic: segments of letters, digits, dots and hyphens, no slash at the end',
);

export const claimPath = matching(
  /^[^\s.]+(\.[^\s.]+)*$/,
  'a claim, or a path to one with dots between: realm_access.roles',
);

/** What stands after `X-Amzn-Bedrock-AgentCore-Runtime-Custom-`: AgentCore takes letters, digits, `_` and `-`. */
export const headerSuffix = matching(
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
  'a name of letters, digits, hyphens and underscores',
);

export const scope = matching(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'a scope: one word without spaces');

export const cel = z
  .string('a CEL expression')
  .min(1, 'a CEL expression')
  .max(4_096, 'a CEL expression of at most 4096 characters');

export const positive = z
  .int('a whole number')
  .positive('a whole number, 1 or more')
  .max(1e12, 'a whole number of at most 1e12');

export const flag = z.boolean('true or false');

export const sha256 = matching(/^[0-9a-fA-F]{64}$/, 'the SHA-256 of the key in hex, 64 digits (never the key itself)');

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);

const isUrl = (value: string, insecure: 'anywhere' | 'loopback'): boolean => {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || url.hash !== '' || url.search !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && (insecure === 'anywhere' || isLoopback(url.hostname));
};

const HTTP = 'an http:// or https:// URL without user, query or fragment';
const HTTPS = 'an https:// URL (http:// only on loopback) without user, query or fragment';

/** Of an upstream: http is accepted, since it may be inside a private network. */
export const httpUrl = z.string(HTTP).refine((value) => isUrl(value, 'anywhere'), HTTP);

/** Of whom we trust: keys read over plain http could be anyone's. */
export const httpsUrl = z.string(HTTPS).refine((value) => isUrl(value, 'loopback'), HTTPS);

const REDIRECT =
  'an https:// URI without a fragment, one of http://localhost, 127.0.0.1 or [::1], or one of an app by its scheme';

/** RFC 8252 §7, RFC 6749 §3.1.2. */
export const redirectUri = z.string(REDIRECT).refine(isRedirectUri, REDIRECT);

const FOR_EXAMPLE = 'a duration such as 500ms, 30s, 5m or 1h';

export const duration = matching(DURATION, FOR_EXAMPLE).refine(
  (value) => !DURATION.test(value) || toMilliseconds(value) > 0,
  `${FOR_EXAMPLE}, more than 0`,
);

/** A duration of more than 0 that has an upper end. */
export const someDurationUpTo = (max: string) =>
  duration.refine(
    (value) => !DURATION.test(value) || toMilliseconds(value) <= toMilliseconds(max),
    `a duration of at most ${max}`,
  );

/** A duration that may be 0 and has an upper end. */
export const durationUpTo = (max: string) =>
  matching(DURATION, `a duration of at most ${max}`).refine(
    (value) => !DURATION.test(value) || toMilliseconds(value) <= toMilliseconds(max),
    `a duration of at most ${max}`,
  );

export const some = <Item extends z.ZodType>(item: Item) => z.array(item).min(1, 'a list with at least one entry');

export const globs = some(text('a name, in which * stands for anything'));

/** What MCP calls the annotations of a tool. */
export const annotationHints = z.strictObject({
  title: text().optional(),
  readOnlyHint: flag.optional(),
  destructiveHint: flag.optional(),
  idempotentHint: flag.optional(),
  openWorldHint: flag.optional(),
});
