import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { CompiledMcpServer } from '../../config/compiled-mcp.ts';
import { mcpEnv, readEnv } from '../../config/env.ts';
import { dynamoCatalogStore } from '../aws/dynamo-catalog-store.ts';
import { dynamoLimitCounter } from '../aws/dynamo-limit-counter.ts';
import { awsFromEnvironment } from '../aws/from-environment.ts';
import { lambdaLog, logBug } from '../aws/lambda-log.ts';
import { restBaseUrl } from '../aws/rest-base-url.ts';
import { restStream } from '../aws/rest-stream.ts';
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
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

const aws = awsFromEnvironment(process.env, clock);

const store = { table: env.LIMITS_TABLE, client: aws.client('dynamodb'), clock };
const counter = dynamoLimitCounter({ ...store, timeoutMs: 2_000 });
const catalogStore = dynamoCatalogStore({ ...store, timeoutMs: 500 });

const STATE_KEY = 'signing key of this gateway';
const arns = JSON.stringify({ ...JSON.parse(env.CREDENTIAL_ARNS), [STATE_KEY]: env.SIGNING_KEY_ARN });
const credentials = cachedCredentials(aws.secrets(arns), clock);

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
  records: { write: (record) => lambdaLog(recordLine(record)) },
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
