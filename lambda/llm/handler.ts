import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { llmEnv, readEnv } from '../../config/env.ts';
import { dynamoLimitCounter } from '../aws/dynamo-limit-counter.ts';
import { dynamoProviderHealth } from '../aws/dynamo-provider-health.ts';
import { awsFromEnvironment } from '../aws/from-environment.ts';
import { lambdaLog, logBug } from '../aws/lambda-log.ts';
import { restBaseUrl } from '../aws/rest-base-url.ts';
import { restStream } from '../aws/rest-stream.ts';
import { createSignRequest } from '../aws/sign-request.ts';
import { systemClock as clock } from '../core/clock.ts';
import { byIssuer, ownIssuer } from '../http/by-issuer.ts';
import { fetchJson } from '../identity/fetch-json.ts';
import { createIdentify } from '../identity/identify.ts';
import { withOwnTokens } from '../identity/own-provider.ts';
import { principalFromContext } from '../identity/principal-from-context.ts';
import { cachedCredentials } from '../outbound-auth/cached-credentials.ts';
import { rememberRefusals } from '../policy/remember-refusals.ts';
import { cachedProviderHealth } from '../providers/cached-provider-health.ts';
import { FORGOTTEN_AFTER_MS } from '../providers/provider-health.ts';
import { createSend } from '../providers/send.ts';
import { type CallRecord, recordLine } from '../telemetry/record.ts';
import { createLlmApp } from './app.ts';
import { lazyVocabulary } from './lazy-vocabulary.ts';

const env = readEnv(llmEnv, process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

const aws = awsFromEnvironment(process.env, clock);

const store = { table: env.LIMITS_TABLE, client: aws.client('dynamodb'), clock };
const counter = dynamoLimitCounter({ ...store, timeoutMs: 2_000 });
const health = dynamoProviderHealth({ ...store, timeoutMs: 500, forgottenAfterMs: FORGOTTEN_AFTER_MS });

const shared = {
  counter: rememberRefusals(counter, clock),
  credentials: cachedCredentials(aws.secrets(env.CREDENTIAL_ARNS), clock),
  send: createSend(),
  sign: createSignRequest({ ...aws, clock }),
  health: cachedProviderHealth(health, clock),
  records: { write: (record: CallRecord) => lambdaLog(recordLine(record)) },
  clock,
  newId: randomUUID,
  random: Math.random,
  // Beside the bundle where the policy asks for it; by its address, so that the bundle does not take it in.
  vocabulary: lazyVocabulary(
    () => import(new URL('o200k.mjs', import.meta.url).href),
    (error) => logBug('vocabulary', error),
  ),
  logBug,
};

const appAt = byIssuer(ownIssuer(policy.tokens, restBaseUrl(env.STAGE)), (issuer) =>
  createLlmApp(policy, {
    ...shared,
    identify: createIdentify(withOwnTokens(policy.identity, issuer), { fetchJson, clock }),
  }),
);

export const handler = awslambda.streamifyResponse(
  restStream({
    fetch: (request, about) => appAt(request.url).fetch(request, about),
    principalOf: (context) => principalFromContext(context, clock),
    clock,
    logBug,
  }),
);
