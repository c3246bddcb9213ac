import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { CompiledMcpServer } from '../../config/compiled-mcp.ts';
import { mcpEnv, readEnv } from '../../config/env.ts';
import { dynamoCatalogStore } from '../aws/dynamo-catalog-store.ts';
import { dynamoLimitCounter } from '../aws/dynamo-limit-counter.ts';
import { type AwsCredentials, type AwsService, createAwsJsonClient } from '../aws/json-client.ts';
import { restBaseUrl } from '../aws/rest-base-url.ts';
import { restStream } from '../aws/rest-stream.ts';
import { secretsManagerCredentials } from '../aws/secrets-manager-credentials.ts';
import { systemClock as clock } from '../core/clock.ts';
import { fetchJson } from '../identity/fetch-json.ts';
import { createIdentify } from '../identity/identify.ts';
import { principalFromContext } from '../identity/principal-from-context.ts';
import { cachedCredentials } from '../outbound-auth/cached-credentials.ts';
import { createOutboundAuth } from '../outbound-auth/create-outbound-auth.ts';
import { createUrlGuard, privateUrlsOf } from '../outbound-auth/guard-url.ts';
import { rememberRefusals } from '../policy/remember-refusals.ts';
import { createSend } from '../providers/send.ts';
import { createTargets } from '../targets/create-targets.ts';
import { recordLine } from '../telemetry/record.ts';
import { createMcpApp } from './app.ts';

const env = readEnv(mcpEnv, process.env);
const { AWS_REGION: region } = readEnv(['AWS_REGION'], process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

/** A line of its own, past `console`: Lambda would wrap that in another JSON, where CloudWatch finds no metrics. */
const log = (line: string): void => void process.stdout.write(`${line}\n`);

const logBug = (id: string, error: unknown): void =>
  log(JSON.stringify({ kind: 'bug', id, stack: error instanceof Error ? error.stack : String(error) }));

const awsCredentials = (): AwsCredentials => {
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
    credentials: awsCredentials,
  });

const store = { table: env.LIMITS_TABLE, client: aws('dynamodb', process.env.AWS_ENDPOINT_URL_DYNAMODB), clock };
const counter = dynamoLimitCounter({ ...store, timeoutMs: 2_000 });
const catalogStore = dynamoCatalogStore({ ...store, timeoutMs: 500 });

const STATE_KEY = 'signing key of this gateway';
const arns = new Map<string, string>(Object.entries(JSON.parse(env.CREDENTIAL_ARNS)));
arns.set(STATE_KEY, env.SIGNING_KEY_ARN);
const readSecret = secretsManagerCredentials({
  client: aws('secretsmanager', process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER),
  prefix: '',
  timeoutMs: 3_000,
});
const credentials = cachedCredentials(async (name) => {
  const arn = arns.get(name);
  return arn === undefined ? undefined : readSecret(arn);
}, clock);

const newId = randomUUID;
const { guardUrl, lookup } = createUrlGuard(privateUrlsOf(policy));
const outbound = { send: createSend({ lookup }), guardUrl, clock };
const auth = (server: CompiledMcpServer) => createOutboundAuth(server.credential, { ...outbound, credentials, newId });

const app = createMcpApp(policy, {
  identify: createIdentify(policy.identity, { fetchJson, clock }),
  counter: rememberRefusals(counter, clock),
  targets: createTargets(policy.mcp, { ...outbound, auth, catalogStore }),
  catalogStore,
  stateKey: async () => Buffer.from((await credentials.read(STATE_KEY)).open(), 'utf8'),
  randomBytes,
  baseUrl: restBaseUrl(env.STAGE),
  authorization: { ...outbound, credentials },
  records: { write: (record) => log(recordLine(record)) },
  clock,
  newId,
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
