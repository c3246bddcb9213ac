import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import type { Instructions } from './instructions.ts';
import type { Method } from './mcp-request.ts';
import { isOneOf, LEGACY_VERSIONS, MODERN_VERSIONS, SERVER_INFO } from './protocol/versions.ts';

/** What says nothing about any server is not asked of one, so that it is answered whichever of them is down (G17). */
const DISCOVERY_TTL_MS = 300_000;

/**
 * What a route can do (G14): what the gateway does that any of the servers may have. Nothing that needs a stream that stays
 * open: `listChanged`, `subscribe`, `logging`.
 */
export const capabilitiesOf = ({ servers }: CompiledMcpRoute, known: CompiledMcp['servers']): Raw => {
  const hasHttp = servers.some((name) => known[name]?.type === 'http');
  return { tools: {}, ...(hasHttp ? { prompts: {}, resources: {}, completions: {} } : {}) };
};

/** A 2025 client's first words. The version is agreed for this hop alone (G16), and for nothing that comes later. */
export const createInitialize =
  (capabilities: Raw, instructions: Instructions): Method =>
  async (request) => {
    const { protocolVersion } = request.params;
    if (typeof protocolVersion !== 'string') throw new Refusal('invalid_params', {}, { param: 'protocolVersion' });
    const version = isOneOf(LEGACY_VERSIONS, protocolVersion) ? protocolVersion : LEGACY_VERSIONS[0];
    return { protocolVersion: version, capabilities, serverInfo: SERVER_INFO, ...(await instructions(request)) };
  };

export const createDiscover =
  (capabilities: Raw, instructions: Instructions): Method =>
  async (request) => ({
    supportedVersions: MODERN_VERSIONS,
    capabilities,
    ttlMs: DISCOVERY_TTL_MS,
    ...(await instructions(request)),
  });

export const ping: Method = async () => ({});
