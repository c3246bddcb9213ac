import * as z from 'zod';
import { agent } from './schema-agents.ts';
import { identity } from './schema-identity.ts';
import { llm } from './schema-llm.ts';
import { mcp } from './schema-mcp.ts';
import { decision, defaults, guardrail } from './schema-policy.ts';
import { deployment, telemetry } from './schema-targets.ts';
import { tokens } from './schema-tokens.ts';
import { gatewayName, name } from './schema-values.ts';

const EMPTY = 'an empty map, {}: the value is in Secrets Manager, or in .env, under this name';

/** The whole of `gateway.yaml`. What is not built yet is in here too, and refused by `notAvailable`. */
export const gatewayConfigSchema = z.strictObject({
  name: gatewayName.describe('The gateway, in logs and in names of the deployment'),
  identity: identity.optional(),
  credentials: z
    .record(name, z.strictObject({}, EMPTY))
    .optional()
    .describe(
      'Names of upstream secrets. Their values are in Secrets Manager, or in .env locally: openai-api-key is OPENAI_API_KEY',
    ),
  defaults: defaults.optional(),
  guardrails: z.record(name, guardrail).optional(),
  llm: llm.optional(),
  mcp: mcp.optional(),
  agents: z.record(name, agent).optional(),
  tokens: tokens.optional(),
  decisions: z.record(name, decision).optional(),
  telemetry: telemetry.optional(),
  deployment: deployment.optional(),
});

export type GatewayConfig = z.infer<typeof gatewayConfigSchema> & {
  /**
   * The texts of the files that the policy names, by their names there: OpenAPI documents and lock files. The loader reads them;
   * a policy built in code brings its own.
   */
  readonly files?: Readonly<Record<string, string>>;
};
