import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError } from './aws-error.ts';

/** Whose key it is, and what the role behind it may do. */
export interface Credential {
  readonly secretAccessKey: string;
  /** Of a session's role. */
  readonly principalArn: string;
  /** With temporary credentials. */
  readonly sessionToken?: string;
  /** What its own policies allow. Default: to invoke runtimes, and to read their agent cards. */
  readonly allowedActions?: readonly string[];
}

interface SignatureFacts {
  /** By access key id. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Of the runtime. */
  readonly region: string;
  readonly nowMs: number;
}

const SERVICE = 'bedrock-agentcore';
const SKEW_MS = 5 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([\w]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

const denied = (message: string): AwsError => new AwsError('AccessDeniedException', message);
const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * Verifies Signature Version 4, written apart from whatever signs, and says whose it is.
 *
 * Headers of AgentCore have to be signed: one that is not could have been put in by anybody on the way. The trace of X-Ray is
 * none of them: AWS's own front ends add and change it.
 *
 * Errors: `AwsError('AccessDeniedException')`.
 * Source: IAM User Guide, "Create a signed AWS API request".
 */
export const checkSignature = (
  request: Request,
  body: Uint8Array,
  { credentials, region, nowMs }: SignatureFacts,
): Credential => {
  const { headers } = request;
  const [, id = '', day = '', scope = '', service, names = '', signature = ''] =
    AUTHORIZATION.exec(headers.get('authorization') ?? '') ?? [];
  if (service === undefined) throw denied('Missing Authentication Token');
  const time = headers.get('x-amz-date') ?? '';
  checkTime(time, day, nowMs);
  if (service !== SERVICE) throw denied(`Credential should be scoped to correct service: '${SERVICE}'.`);
  if (scope !== region) throw denied('Credential should be scoped to a valid region.');
  const signed = names.split(';');
  checkSigned(signed, headers);
  const credential = credentials.get(id);
  if (credential === undefined || credential.sessionToken !== (headers.get('x-amz-security-token') ?? undefined))
    throw denied('The security token included in the request is invalid.');
  // Of what came, not of what a header says about it.
  const hash = sha256(body);

  const canonical = canonicalRequest(request, signed, names, hash);
  const text = ['AWS4-HMAC-SHA256', time, `${day}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Uint8Array>(
    hmac,
    `AWS4${credential.secretAccessKey}`,
  );
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex')))
    throw denied('The request signature we calculated does not match the signature you provided.');
  return credential;
};

const checkTime = (time: string, day: string, nowMs: number): void => {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? [];
  const [year, month, date, hour, minute, second] = parts.map(Number);
  const atMs = Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, date, hour, minute, second);
  if (!(Math.abs(nowMs - atMs) <= SKEW_MS)) throw denied('Signature expired or not yet current.');
  if (!time.startsWith(day))
    throw denied('Date in Credential scope does not match YYYYMMDD of the date of the request.');
};

const checkSigned = (signed: readonly string[], headers: Headers): void => {
  const needed = ['host', 'x-amz-date', ...[...headers.keys()].filter((name) => /^x-amzn?-(?!trace-id$)/.test(name))];
  const missing = needed.filter((name) => !signed.includes(name));
  if (missing.length > 0) throw denied(`not signed: ${missing.join(', ')}`);
};

/** RFC 3986: everything but unreserved characters. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const canonicalRequest = (request: Request, signed: readonly string[], names: string, hash: string): string => {
  const { pathname, searchParams } = new URL(request.url);
  const query = [...searchParams]
    .map(([name, value]) => [encode(name), encode(value)].join('='))
    .sort((one, other) => (one < other ? -1 : 1))
    .join('&');
  const lines = signed.map((name) => `${name}:${(request.headers.get(name) ?? '').trim().replace(/ +/g, ' ')}\n`);
  // The path is encoded a second time for every service but S3.
  const path = pathname.split('/').map(encode).join('/');
  return [request.method, path, query, lines.join(''), names, hash].join('\n');
};
