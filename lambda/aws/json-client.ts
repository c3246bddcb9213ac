import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Pool } from 'undici';
import type { Clock } from '../core/clock.ts';
import { AwsError } from './aws-error.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type AwsService = 'dynamodb' | 'secretsmanager' | 'ssm' | 'kms';

/** Speaks the AWS JSON protocol to one service in one Region. Must not log or keep what it sends and gets. */
export interface AwsJsonClient {
  /**
   * Calls one operation.
   *
   * Shape:  `operation` is the name in the API reference: `UpdateItem`. The answer is the reply's JSON object.
   * Units:  throttling, 5xx and broken connections are tried again for up to 200 ms after the first try, which
   *         of a `Get…` is given up as a broken connection after 300 ms (Secrets Manager: 1 s).
   *         `signal` ends everything.
   *         With `repeat: 'if-not-applied'` only a request that surely had no effect is repeated.
   * Errors: `AwsError`.
   * Source: Smithy, "AWS JSON 1.0 and 1.1 protocols"; IAM User Guide, "Signature Version 4".
   */
  send(operation: string, input: object, options: SendOptions): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly signal: AbortSignal;
  readonly repeat?: 'always' | 'if-not-applied';
}

export interface AwsJsonClientOptions {
  readonly service: AwsService;
  readonly region: string;
  /** Asked for every try, because a role's credentials change while the process lives. */
  readonly credentials: () => AwsCredentials;
  readonly clock: Clock;
  /** Origin to call instead of the Region's own. */
  readonly endpoint?: string;
  /** From 0 up to 1: spreads retries. */
  readonly random?: () => number;
}

const SERVICES = {
  dynamodb: { target: 'DynamoDB_20120810', version: '1.0', firstTryMs: 300 },
  secretsmanager: { target: 'secretsmanager', version: '1.1', firstTryMs: 1_000 },
  ssm: { target: 'AmazonSSM', version: '1.1', firstTryMs: 1_000 },
  kms: { target: 'TrentService', version: '1.1', firstTryMs: 1_000 },
} as const satisfies Record<AwsService, object>;

const RETRY_MS = 200;
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 20;

export const createAwsJsonClient = (options: AwsJsonClientOptions): AwsJsonClient => {
  const { service, region, clock, random = Math.random } = options;
  const { target, version, firstTryMs } = SERVICES[service];
  const url = new URL(options.endpoint ?? regionEndpoint(service, region));
  // Longer than undici's 4 seconds: a Lambda that serves a call now and then should not pay for TLS each time.
  const pool = new Pool(url.origin, { connections: 64, keepAliveTimeout: 20_000, connect: { timeout: 1_000 } });
  const signingKeys = new Map<string, ArrayBuffer>();

  const sendOnce = async (operation: string, body: string, signal: AbortSignal, late?: AbortSignal) => {
    const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': `${target}.${operation}` };
    if (signingKeys.size > 8) signingKeys.clear();
    const signer = new AwsV4Signer({
      method: 'POST',
      url: url.href,
      headers,
      body,
      service,
      region,
      ...options.credentials(),
      datetime: amzDate(clock()),
      cache: signingKeys,
      allHeaders: true,
    });
    const signed = await signer.sign();
    try {
      const reply = await pool.request({
        method: 'POST',
        path: url.pathname,
        headers: Object.fromEntries(signed.headers),
        body,
        signal: late === undefined ? signal : AbortSignal.any([signal, late]),
      });
      return { status: reply.statusCode, type: reply.headers['x-amzn-errortype'], text: await reply.body.text() };
    } catch (cause) {
      if (signal.aborted) throw new AwsError('Timeout', undefined, { cause });
      if (late?.aborted !== true && !isNetworkError(cause)) throw cause;
      throw new AwsError('Unreachable', undefined, { cause });
    }
  };

  return {
    async send(operation, input, { signal, repeat = 'always' }) {
      const body = JSON.stringify(input);
      // A connection that died unseen never answers: it must not take the time of the try that would. Only what reads: who
      // writes on a condition and asks again too early is told that somebody else was first.
      const late = operation.startsWith('Get') ? AbortSignal.timeout(firstTryMs) : undefined;
      let giveUpAt: number | undefined;
      for (let tries = 1; ; tries++) {
        try {
          return readReply(await sendOnce(operation, body, signal, tries === 1 ? late : undefined));
        } catch (error) {
          const mayHelp =
            error instanceof AwsError && (error.isThrottled || (repeat === 'always' && error.isAmbiguous));
          giveUpAt ??= clock() + RETRY_MS;
          const pauseMs = random() * FIRST_PAUSE_MS * 2 ** tries;
          if (!mayHelp || tries === MAX_TRIES || clock() + pauseMs > giveUpAt) throw error;
          await pause(pauseMs, signal);
        }
      }
    },
    close: () => pool.close(),
  };
};

const regionEndpoint = (service: AwsService, region: string): string =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;

const amzDate = (ms: number): string => new Date(ms).toISOString().replace(/[:-]|\.\d{3}/g, '');

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, { signal });
  } catch (cause) {
    throw new AwsError('Timeout', undefined, { cause });
  }
};

/** Sockets, DNS, TLS and undici's own failures carry a code. A wrong argument does too, and is our bug. */
const isNetworkError = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code !== 'UND_ERR_INVALID_ARG';

interface RawReply {
  readonly status: number;
  readonly type: string | string[] | undefined;
  readonly text: string;
}

const readReply = ({ status, type, text }: RawReply): Readonly<Record<string, unknown>> => {
  const json = readObject(text);
  if (status !== 200) throw new AwsError(toErrorType(json?.__type ?? type), status);
  if (json === undefined) throw new AwsError('MalformedReply');
  return json;
};

const readObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** `com.amazonaws.dynamodb.v20120810#ThrottlingException` and `ThrottlingException:http://…` both name one type. */
const toErrorType = (raw: unknown): string => {
  const name =
    String(raw ?? '')
      .split(':')[0]
      ?.split('#')
      .at(-1) ?? '';
  return /^[A-Za-z]{1,80}$/.test(name) ? name : 'UnknownError';
};
