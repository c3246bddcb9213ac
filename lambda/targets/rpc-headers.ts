import type { Raw } from '../core/mcp.ts';
import { isRaw } from './raw.ts';

/**
 * A text as a header value: plain where HTTP can carry it, otherwise base64 of its UTF-8 in `=?base64?…?=`.
 *
 * Source: MCP 2026-07-28, Streamable HTTP, "Value Encoding".
 */
export const headerValue = (text: string): string =>
  /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
    ? text
    : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;

/** What `Mcp-Name` repeats of the body, by method. */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** The headers that repeat a modern request's body for whoever routes by them. Source: MCP 2026-07-28, "Standard headers". */
export const modernHeaders = (
  version: string,
  method: string,
  params: Raw,
  definition?: Raw,
): Record<string, string> => {
  const name = params[NAMED_BY[method] ?? ''];
  return {
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': headerValue(name) } : {}),
    ...(definition === undefined ? {} : paramHeaders(definition, params.arguments)),
  };
};

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;

/** Arguments that the tool's schema marks with `x-mcp-header`, as far as they are given (G37: from our own body, never relayed). */
const paramHeaders = (definition: Raw, given: unknown): Record<string, string> => {
  const headers: Record<string, string> = {};
  const visit = (schema: unknown, value: unknown): void => {
    if (!isRaw(schema) || !isRaw(schema.properties) || !isRaw(value)) return;
    for (const [key, property] of Object.entries(schema.properties)) {
      if (!isRaw(property) || !Object.hasOwn(value, key)) continue;
      const name = property['x-mcp-header'];
      const text = primitiveText(value[key]);
      if (typeof name === 'string' && TOKEN.test(name) && text !== undefined)
        headers[`mcp-param-${name.toLowerCase()}`] = headerValue(text);
      visit(property, value[key]);
    }
  };
  visit(definition.inputSchema, given);
  return headers;
};

const primitiveText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
    ? String(value)
    : undefined;
};
