import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { llmEnv, readEnv } from '../../config/env.ts';
import { dynamoLimitCounter } from '../aws/dynamo-limit-counter.ts';
import { dynamoProviderHealth } from '../aws/dynamo-provider-health.ts';
import { type AwsCredentials, type AwsService, createAwsJsonClient } from '../aws/json-client.ts';
import { restStream } from '../aws/rest-stream.ts';
import { secretsManagerCredentials } from '../aws/secrets-manager-credentials.ts';
import { createSignRequest } from '../aws/sign-request.ts';
import { systemClock as clock } from '../core/clock.ts';
import { fetchJson } from '../identity/fetch-json.ts';
import { createIdentify } from '../identity/identify.ts';
import { principalFromContext } from '../identity/principal-from-context.ts';
import { cachedCredentials } from '../outbound-auth/cached-credentials.ts';
import { rememberRefusals } from '../policy/remember-refusals.ts';
import { cachedProviderHealth } from '../providers/cached-provider-health.ts';
import { FORGOTTEN_AFTER_MS } from '../providers/provider-health.ts';
import { createSend } from '../providers/send.ts';
import { recordLine } from '../telemetry/record.ts';
import { createLlmApp } from './app.ts';

const env = readEnv(llmEnv, process.env);
const { AWS_REGION: region } = readEnv(['AWS_REGION'], process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

/** A line of its own, past `console`: Lambda would wrap that in another JSON, where CloudWatch finds no metrics. */
const log = (line: string): void => void process.stdout.write(`${line}\n`);

const logBug = (id: string, error: unknown): void =>
  log(JSON.stringify({ kind: 'bug', id, stack: error instanceof Error ? error.stack : String(error) }));

const credentials = (): AwsCredentials => {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = readEnv(names, process.env);
  const sessionToken = process.env.AWS_SESSION_TOKEN;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
};

const aws = (service: AwsService, endpoint: string | undefined) =>
  createAwsJsonClient({
    service,
    region,
    clock,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials,
  });

const store = { table: env.LIMITS_TABLE, client: aws('dynamodb', process.env.AWS_ENDPOINT_URL_DYNAMODB), clock };
const counter = dynamoLimitCounter({ ...store, timeoutMs: 2_000 });
const health = dynamoProviderHealth({ ...store, timeoutMs: 500, forgottenAfterMs: FORGOTTEN_AFTER_MS });

const arns = new Map<string, string>(Object.entries(JSON.parse(env.CREDENTIAL_ARNS)));
const readSecret = secretsManagerCredentials({
  client: aws('secretsmanager', process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER),
  prefix: '',
  timeoutMs: 3_000,
});

const app = createLlmApp(policy, {
  identify: createIdentify(policy.identity, { fetchJson, clock }),
  counter: rememberRefusals(counter, clock),
  credentials: cachedCredentials(async (name) => {
    const arn = arns.get(name);
    return arn === undefined ? undefined : readSecret(arn);
  }, clock),
  send: createSend(),
  sign: createSignRequest({ region, credentials, clock }),
  health: cachedProviderHealth(health, clock),
  records: { write: (record) => log(recordLine(record)) },
  clock,
  newId: randomUUID,
  random: Math.random,
  logBug,
});

export const handler = awslambda.streamifyResponse(
  restStream({
    fetch: app.fetch,
    principalOf: (context) => principalFromContext(context, clock),
    clock,
    logBug,
  }),
);
