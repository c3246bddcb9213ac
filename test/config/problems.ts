import { readFileSync } from 'node:fs';
import type { Environment } from '../../config/interpolate.ts';
import { ConfigError, loadGatewayConfig } from '../../config/load.ts';

export const shipped = readFileSync(new URL('../../gateway.yaml', import.meta.url), 'utf8');

/** The smallest policy in which `rest` can stand. */
export const SMALL = `name: test
credentials: { openai-api-key: {} }
defaults: { authorization: { allow: ["'llm:call' in principal.scopes"] } }
identity: { providers: { okta: { kind: okta, issuer: https://okta.example, audiences: [a] } } }
llm:
  providers: { openai: { kind: openai, credential: openai-api-key } }
  models: { fast: [openai/gpt-4o-mini] }
  routes: { /v1: { models: [fast] } }
`;

export const load = (text: string, env: Environment = {}) => loadGatewayConfig(text, { file: 'gateway.yaml', env });

/** The lines of the error that a text ends in; none if it loads. */
export const problemsOf = (text: string, env: Environment = {}): readonly string[] => {
  try {
    load(text, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
};
