import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { authorizerEnv, readEnv } from '../../config/env.ts';
import { systemClock } from '../core/clock.ts';
import { fetchJson } from '../identity/fetch-json.ts';
import { createIdentify } from '../identity/identify.ts';
import { createAuthorizer } from './app.ts';

readEnv(authorizerEnv, process.env);
const policy: CompiledPolicy = JSON.parse(readFileSync(new URL('policy.json', import.meta.url), 'utf8'));

export const handler = createAuthorizer(createIdentify(policy.identity, { fetchJson, clock: systemClock }), {
  claimsUsed: policy.claimsUsed,
  clock: systemClock,
  log: (line) => process.stdout.write(`${JSON.stringify(line)}\n`),
});
