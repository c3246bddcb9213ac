import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { authorizerEnv, readEnv } from '../../config/env.ts';
import { systemClock } from '../core/clock.ts';
import { fetchJson } from '../identity/fetch-json.ts';
import { createIdentify } from '../identity/identify.ts';
import { withOwnTokens } from '../identity/own-provider.ts';
import { type AuthorizerEvent, type AuthorizerResult, apiUrlOf } from './api-gateway.ts';
import { createAuthorizer } from './app.ts';

readEnv(authorizerEnv, process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

const { identity, tokens } = policy;

const makeAuthorizer = (issuer: string | undefined) =>
  createAuthorizer(createIdentify(withOwnTokens(identity, issuer, tokens?.issuer), { fetchJson, clock: systemClock }), {
    claimsUsed: policy.claimsUsed,
    clock: systemClock,
    log: (line) => process.stdout.write(`${JSON.stringify(line)}\n`),
  });

// An authorizer serves the stages of one API.
const authorizers = new Map<string | undefined, ReturnType<typeof makeAuthorizer>>();

export const handler = (event: AuthorizerEvent): Promise<AuthorizerResult> => {
  const issuer = tokens === undefined ? undefined : apiUrlOf(event.methodArn);
  const authorizer = authorizers.get(issuer) ?? makeAuthorizer(issuer);
  authorizers.set(issuer, authorizer);
  return authorizer(event);
};
