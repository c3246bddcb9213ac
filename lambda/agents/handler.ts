import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { agentsEnv, readEnv } from '../../config/env.ts';
import { dynamoLimitCounter } from '../aws/dynamo-limit-counter.ts';
import { awsFromEnvironment } from '../aws/from-environment.ts';
import { kmsSigningKeys } from '../aws/kms-signing-keys.ts';
import { lambdaLog, logBug } from '../aws/lambda-log.ts';
import { restBaseUrl } from '../aws/rest-base-url.ts';
import { restStream } from '../aws/rest-stream.ts';
import { runtimeAddresses } from '../aws/runtime-addresses.ts';
import { createSignRequest } from '../aws/sign-request.ts';
import { systemClock as clock } from '../core/clock.ts';
import { byIssuer, ownIssuer } from '../http/by-issuer.ts';
import { fetchJson } from '../identity/fetch-json.ts';
import { createIdentify } from '../identity/identify.ts';
import { withOwnTokens } from '../identity/own-provider.ts';
import { principalFromContext } from '../identity/principal-from-context.ts';
import { createIssueToken } from '../issuing/create-issue-token.ts';
import { toPublicJwk } from '../issuing/thumbprint.ts';
import { cachedCredentials } from '../outbound-auth/cached-credentials.ts';
import { createUrlGuard } from '../outbound-auth/guard-url.ts';
import { rememberRefusals } from '../policy/remember-refusals.ts';
import { createSend } from '../providers/send.ts';
import { recordLine } from '../telemetry/record.ts';
import { createAgentsApp } from './app.ts';

const env = readEnv(agentsEnv, process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

const aws = awsFromEnvironment(process.env, clock);
const newId = randomUUID;

const counter = dynamoLimitCounter({
  table: env.LIMITS_TABLE,
  client: aws.client('dynamodb'),
  clock,
  timeoutMs: 2_000,
});

const SESSION_KEY = 'session key of this gateway';
const arns = JSON.stringify({ ...JSON.parse(env.CREDENTIAL_ARNS), [SESSION_KEY]: env.SESSION_KEY_ARN });
const credentials = cachedCredentials(aws.secrets(arns), clock);

const keys = kmsSigningKeys({
  client: aws.client('kms'),
  keyIds: JSON.parse(env.SIGNING_KEY_IDS),
  timeoutMs: 2_000,
  toPublicJwk,
});

const tokenUrls = policy.agents.flatMap(({ obo }) => (obo?.issuer === 'provider' ? [obo.tokenUrl] : []));
const { guardUrl, lookup } = createUrlGuard(tokenUrls);

const shared = {
  counter: rememberRefusals(counter, clock),
  send: createSend(),
  sign: createSignRequest({ ...aws, clock }),
  runtimeOf: runtimeAddresses({
    agents: policy.agents,
    client: aws.client('ssm'),
    parameter: env.RUNTIMES_PARAMETER,
    clock,
    timeoutMs: 2_000,
    // Where the AWS SDKs look for another endpoint: a VPC endpoint, or a stand-in.
    ...(process.env.AWS_ENDPOINT_URL_BEDROCK_AGENTCORE && {
      endpoint: process.env.AWS_ENDPOINT_URL_BEDROCK_AGENTCORE,
    }),
  }),
  outbound: { credentials, send: createSend({ lookup }), guardUrl, clock, newId },
  sessionKey: async () => Buffer.from((await credentials.read(SESSION_KEY)).open(), 'utf8'),
  random: Math.random,
  sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
  records: { write: (record: Parameters<typeof recordLine>[0]) => lambdaLog(recordLine(record)) },
  clock,
  newId,
  logBug,
};

const baseUrl = restBaseUrl(env.STAGE);
const issuerOf = ownIssuer(policy.tokens, baseUrl);

const appFor = byIssuer(
  (url) => issuerOf(url) ?? baseUrl(url),
  (issuer) =>
    createAgentsApp(policy, {
      ...shared,
      identify: createIdentify(withOwnTokens(policy.identity, policy.tokens && issuer), { fetchJson, clock }),
      issuer,
      ...(policy.tokens && { issueToken: createIssueToken({ issuer, keys, clock, newId }) }),
    }),
);

export const handler = awslambda.streamifyResponse(
  restStream({
    fetch: (request, about) => appFor(request.url).fetch(request, about),
    principalOf: (context) => principalFromContext(context, clock),
    clock,
    logBug,
  }),
);
