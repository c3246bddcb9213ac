import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

/** Keywords that hold schemas by name, and those that hold a list of them. */
const NAMED = ['properties', '$defs', 'definitions'];
const LISTED = ['anyOf', 'allOf'];

const KEPT = new Set([
  '$ref',
  'type',
  'enum',
  'const',
  'required',
  'title',
  'description',
  ...NAMED,
  ...LISTED,
  'items',
]);

const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']);

export interface AnthropicSchema {
  readonly schema: Json;
  /** Some of what the schema demands is only asked for in words. */
  readonly loosened: boolean;
}

/**
 * A JSON schema as Anthropic enforces it for answers and strict tools: every object closed, and what it has no grammar for
 * (lengths, ranges, patterns) moved into descriptions, where the model reads it. Anything else there is an error.
 *
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations.
 */
export const toAnthropicSchema = (schema: Json): AnthropicSchema => {
  let loosened = false;
  const each = (value: unknown): unknown => (isObject(value) ? close(value) : value);
  const close = (node: Json): Json => {
    const kept: Record<string, unknown> = {};
    const words: string[] = [];
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === '$schema' || keyword === 'additionalProperties') continue;
      if (keyword === 'oneOf' && Array.isArray(value)) kept.anyOf = value.map(each);
      else if (LISTED.includes(keyword) && Array.isArray(value)) kept[keyword] = value.map(each);
      else if (NAMED.includes(keyword) && isObject(value)) {
        kept[keyword] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, each(inner)]));
      } else if (keyword === 'items') kept.items = each(value);
      else if (KEPT.has(keyword) || isEnforced(keyword, value)) kept[keyword] = value;
      else words.push(`${keyword}: ${JSON.stringify(value)}`);
    }
    const open = isObject(node.additionalProperties);
    if (open) words.push(`additionalProperties: ${JSON.stringify(node.additionalProperties)}`);
    if (words.length > 0) {
      loosened = true;
      const said = typeof kept.description === 'string' ? `${kept.description} ` : '';
      kept.description = `${said}(${words.join(', ')})`;
    }
    if (node.type === 'object' || isObject(node.properties)) kept.additionalProperties = false;
    return kept;
  };
  return { schema: close(schema), loosened };
};

const isEnforced = (keyword: string, value: unknown): boolean =>
  (keyword === 'format' && FORMATS.has(String(value))) || (keyword === 'minItems' && (value === 0 || value === 1));
