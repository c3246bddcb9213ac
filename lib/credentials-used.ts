import type { CompiledPolicy } from '../config/compiled.ts';
import type { CompiledMcpCredential } from '../config/compiled-mcp.ts';
import { OWN_CLIENT } from './own-client.ts';

/** Names of the credentials that calls to models need. */
export const llmCredentials = ({ llm }: CompiledPolicy): readonly string[] =>
  unique(Object.values(llm.providers).flatMap(({ credential }) => credential ?? []));

/** Names of the credentials that calls to MCP servers and APIs need. */
export const mcpCredentials = ({ mcp }: CompiledPolicy): readonly string[] =>
  unique([
    ...Object.values(mcp.servers).flatMap(({ credential, listCredential }) =>
      [credential, listCredential ?? NONE].flatMap(namesIn),
    ),
    ...Object.values(mcp.clients ?? {}).flatMap(({ credential }) => credential ?? []),
  ]);

/** Names of the secrets by which clients of the token endpoint are known, without the gateway's own. */
export const tokenCredentials = ({ tokens }: CompiledPolicy): readonly string[] =>
  unique(
    (tokens?.clients ?? []).flatMap(({ name, authentication }) =>
      authentication.type === 'secret' && name !== OWN_CLIENT ? [authentication.credential] : [],
    ),
  );

/** Names of the credentials with which calls to agents get tokens from identity providers. */
export const agentCredentials = ({ agents }: CompiledPolicy): readonly string[] =>
  unique(agents.flatMap(({ obo }) => (obo?.issuer === 'provider' ? [obo.client] : [])));

/** Whether some server is called with a token of the gateway's own, for which its function needs a client. */
export const usesOwnClient = ({ mcp }: CompiledPolicy): boolean =>
  Object.values(mcp.servers).some(({ credential }) => credential.type === 'own-token');

const NONE: CompiledMcpCredential = { type: 'none' };

const namesIn = (credential: CompiledMcpCredential): readonly string[] => {
  if (credential.type === 'static') return [credential.credential];
  return 'client' in credential ? [credential.client] : [];
};

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
