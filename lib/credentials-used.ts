import type { CompiledPolicy } from '../config/compiled.ts';
import type { CompiledMcpCredential } from '../config/compiled-mcp.ts';

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

const NONE: CompiledMcpCredential = { type: 'none' };

const namesIn = (credential: CompiledMcpCredential): readonly string[] => {
  if (credential.type === 'static') return [credential.credential];
  return 'client' in credential ? [credential.client] : [];
};

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
