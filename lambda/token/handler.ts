import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { readEnv, tokenEnv } from '../../config/env.ts';
import { dynamoUsedTokens } from '../aws/dynamo-used-tokens.ts';
import { awsFromEnvironment } from '../aws/from-environment.ts';
import { kmsSigningKeys } from '../aws/kms-signing-keys.ts';
import { lambdaLog, logBug } from '../aws/lambda-log.ts';
import { restBaseUrl } from '../aws/rest-base-url.ts';
import { restStream } from '../aws/rest-stream.ts';
import { systemClock as clock } from '../core/clock.ts';
import { byIssuer } from '../http/by-issuer.ts';
import { fetchJson } from '../identity/fetch-json.ts';
import { createIssueToken } from '../issuing/create-issue-token.ts';
import { toPublicJwk } from '../issuing/thumbprint.ts';
import { cachedCredentials } from '../outbound-auth/cached-credentials.ts';
import { recordLine } from '../telemetry/record.ts';
import { createTokenApp } from './app.ts';

const env = readEnv(tokenEnv, process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

const aws = awsFromEnvironment(process.env, clock);
const keys = kmsSigningKeys({
  client: aws.client('kms'),
  keyIds: JSON.parse(env.SIGNING_KEY_IDS),
  timeoutMs: 2_000,
  toPublicJwk,
});
const usedTokens = dynamoUsedTokens({
  table: env.LIMITS_TABLE,
  client: aws.client('dynamodb'),
  clock,
  timeoutMs: 2_000,
});
const credentials = cachedCredentials(aws.secrets(env.CREDENTIAL_ARNS), clock);
const newId = randomUUID;
const baseUrl = restBaseUrl(env.STAGE);

const appAt = byIssuer(
  (url) => policy.tokens?.issuer ?? baseUrl(url),
  (issuer) => {
    const issueToken = createIssueToken({ issuer, keys, clock, newId });
    // Its own tokens are verified with the keys it has: it need not ask itself over the network.
    const ownKeys = `${issuer}/.well-known/jwks.json`;
    return createTokenApp(policy, {
      issuer,
      keys,
      issueToken,
      credentials,
      fetchJson: async (url, limits) => (url === ownKeys ? { keys: await keys.published() } : fetchJson(url, limits)),
      usedTokens,
      records: { write: (record) => lambdaLog(recordLine(record)) },
      clock,
      newId,
      logBug,
    });
  },
);

export const handler = awslambda.streamifyResponse(
  restStream({
    fetch: (request, about) => appAt(request.url).fetch(request, about),
    principalOf: () => undefined,
    clock,
    logBug,
  }),
);
