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
import { createAfterwards } from '../core/afterwards.ts';
import { systemClock as clock } from '../core/clock.ts';
import { byIssuer, ownIssuer } from '../http/by-issuer.ts';
import { createFetchJson } from '../identity/fetch-json.ts';
import { createIdentify } from '../identity/identify.ts';
import { withOwnTokens } from '../identity/own-provider.ts';
import { principalFromContext } from '../identity/principal-from-context.ts';
import { cachedCredentials } from '../outbound-auth/cached-credentials.ts';
import { createOutboundAuth } from '../outbound-auth/create-outbound-auth.ts';
import { createUrlGuard, privateUrlsOf } from '../outbound-auth/guard-url.ts';
import { rememberRefusals } from '../policy/remember-refusals.ts';
import { createSend } from '../providers/send.ts';
import { writeAfterwards } from '../targets/catalog-store.ts';
import { createTargets } from '../targets/create-targets.ts';
import { type CallRecord, recordLine } from '../telemetry/record.ts';
import { createMcpApp } from './app.ts';

const env = readEnv(mcpEnv, process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

const aws = awsFromEnvironment(process.env, clock);

const store = { table: env.LIMITS_TABLE, client: aws.client('dynamodb'), clock };
const counter = dynamoLimitCounter({ ...store, timeoutMs: 2_000 });
const afterwards = createAfterwards((error) => logBug('afterwards', error));
const sharedCatalogs = dynamoCatalogStore({
  ...store,
  timeoutMs: 500,
  notKept: (about) => lambdaLog(JSON.stringify({ kind: 'catalog-not-kept', ...about })),
});
const catalogStore = writeAfterwards(sharedCatalogs, afterwards);

const STATE_KEY = 'signing key of this gateway';
const arns = JSON.stringify({ ...JSON.parse(env.CREDENTIAL_ARNS), [STATE_KEY]: env.SIGNING_KEY_ARN });
const credentials = cachedCredentials(aws.secrets(arns), clock);

const newId = randomUUID;
const baseUrl = restBaseUrl(env.STAGE);
const shared = {
  counter: rememberRefusals(counter, clock),
  catalogStore,
  stateKey: async () => Buffer.from((await credentials.read(STATE_KEY)).open(), 'utf8'),
  randomBytes,
  baseUrl,
  records: { write: (record: CallRecord) => lambdaLog(recordLine(record)) },
  clock,
  newId,
  logBug,
};

const appAt = byIssuer(ownIssuer(policy.tokens, baseUrl), (issuer) => {
  const { guardUrl, lookup } = createUrlGuard(privateUrlsOf(policy, issuer));
  const outbound = { send: createSend({ lookup }), guardUrl, clock };
  const own = issuer === undefined ? {} : { ownIssuer: issuer };
  const auth = (server: CompiledMcpServer) =>
    createOutboundAuth(server.credential, { ...outbound, credentials, newId, ...own });
  return createMcpApp(policy, {
    ...shared,
    identify: createIdentify(withOwnTokens(policy.identity, issuer), { fetchJson: createFetchJson(lookup), clock }),
    targets: createTargets(policy.mcp, { ...outbound, auth, catalogStore }),
    authorization: { ...outbound, credentials },
  });
});

export const handler = awslambda.streamifyResponse(
  restStream({
    fetch: (request, about) => appAt(request.url).fetch(request, about),
    principalOf: (context) => principalFromContext(context, clock),
    clock,
    settle: () => afterwards.settle(),
    logBug,
  }),
);
