import type { Raw } from '../../core/mcp.ts';
import { Refusal } from '../../core/refusal.ts';
import { isRaw } from '../../targets/raw.ts';
import type { Message } from './read-message.ts';
import { type Era, isModern, isOneOf, LEGACY_VERSIONS, MODERN_VERSIONS, UNTOLD_VERSION } from './versions.ts';

export const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';
export const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';

/** What a message says about itself, beside what it asks for. */
export interface Envelope {
  readonly era: Era;
  readonly version: string;
  /** Declared with this very request; nobody remembers what was declared with another. */
  readonly capabilities: Raw;
  readonly client?: string;
}

/** In whose words a message is to be refused that can't be read any further. */
export const eraClaimed = (json: unknown, headers: Headers): Era => {
  const params = isRaw(json) && isRaw(json.params) ? json.params : {};
  const claims = isRaw(params._meta) && params._meta[PROTOCOL_VERSION] !== undefined;
  return claims || isModern(headers.get('mcp-protocol-version')?.trim() ?? '') ? 'modern' : 'legacy';
};

/**
 * Which version a message is of, and whether its headers say what its body says: checked before policy, so that what stands in
 * front of us and decided by the headers decided about this very call.
 *
 * Errors: `Refusal` with `header_mismatch`, `unsupported_version` or `invalid_meta`.
 * Source: MCP 2026-07-28, "Streamable HTTP", "Standard headers"; 2025-06-18, "Protocol Version Header".
 */
export const readEnvelope = (message: Exclude<Message, { type: 'response' }>, headers: Headers): Envelope => {
  const header = headers.get('mcp-protocol-version')?.trim();
  const meta = isRaw(message.params._meta) ? message.params._meta : {};
  if (meta[PROTOCOL_VERSION] !== undefined) return modern(message, meta, header, headers);
  if (header !== undefined && isModern(header)) {
    if (message.method === 'initialize') throw new Refusal('header_mismatch', { reason: 'initialize' });
    if (message.type === 'request') throw new Refusal('invalid_meta', { reason: 'missing' });
    if (!isOneOf(MODERN_VERSIONS, header)) throw unsupported(header);
    return { era: 'modern', version: header, capabilities: {} };
  }
  const version = header ?? UNTOLD_VERSION;
  if (!isOneOf(LEGACY_VERSIONS, version) && message.method !== 'initialize') throw unsupported(version);
  return { era: 'legacy', version, capabilities: {}, ...clientOf(message.params.clientInfo) };
};

const modern = (
  message: Exclude<Message, { type: 'response' }>,
  meta: Raw,
  header: string | undefined,
  headers: Headers,
): Envelope => {
  const version = meta[PROTOCOL_VERSION];
  const capabilities = meta[CLIENT_CAPABILITIES];
  if (typeof version !== 'string') throw new Refusal('invalid_meta', { reason: 'protocolVersion' });
  if (header !== undefined && header !== version) throw new Refusal('header_mismatch', { reason: 'version' });
  if (!isOneOf(MODERN_VERSIONS, version)) throw unsupported(version);
  if (message.type === 'request') {
    if (!isRaw(capabilities)) throw new Refusal('invalid_meta', { reason: 'clientCapabilities' });
    if (header === undefined) throw new Refusal('header_mismatch', { reason: 'version missing' });
    checkMirrors(message.method, message.params, headers);
  }
  return {
    era: 'modern',
    version,
    capabilities: isRaw(capabilities) ? capabilities : {},
    ...clientOf(meta[CLIENT_INFO]),
  };
};

const unsupported = (requested: string): Refusal =>
  new Refusal('unsupported_version', { requested: requested.slice(0, 64) });

/** What `Mcp-Name` repeats of the body, by method. */
const NAMED_BY = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

const checkMirrors = (method: string, params: Raw, headers: Headers): void => {
  if (headers.get('mcp-method')?.trim() !== method) throw new Refusal('header_mismatch', { reason: 'method' });
  const named = NAMED_BY.get(method);
  if (named === undefined || typeof params[named] !== 'string') return;
  const name = headers.get('mcp-name');
  if (name === null || decoded(name.trim()) !== params[named]) throw new Refusal('header_mismatch', { reason: 'name' });
};

/** `=?base64?…?=` is UTF-8 that a header can't hold. What is not whole base64 stands for nothing. */
const decoded = (value: string): string | undefined => {
  const inner = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (inner === undefined) return value;
  const bytes = Buffer.from(inner, 'base64');
  if (bytes.toString('base64') !== inner) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const clientOf = (info: unknown): { readonly client?: string } =>
  isRaw(info) && typeof info.name === 'string'
    ? { client: `${info.name} ${typeof info.version === 'string' ? info.version : ''}`.trim() }
    : {};
