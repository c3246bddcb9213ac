import type { Placeholder, TemplatePart } from '../../config/template.ts';
import type { Call } from '../core/call.ts';

/** Characters of one value: a name, a list of roles. More is not a name but a text. */
const MAX_VALUE = 256;

const VALUES: Readonly<Record<Placeholder, (call: Call, nowMs: number) => unknown>> = {
  'principal.sub': ({ principal }) => principal.sub,
  'principal.clientId': ({ principal }) => principal.clientId,
  'principal.roles': ({ principal }) => principal.roles,
  date: (_call, nowMs) => new Date(nowMs).toISOString().slice(0, 10),
  route: ({ route }) => route,
};

/** The text with its values in place. `date` is the day in UTC. What a caller does not have is empty. */
export const fill = (parts: readonly TemplatePart[], call: Call, nowMs: number): string =>
  parts
    .map((part) => {
      if (part.type === 'text') return part.text;
      return asData(part.type === 'value' ? VALUES[part.name](call, nowMs) : claimAt(call.principal.claims, part.path));
    })
    .join('');

/** A claim by its whole name first: Auth0's are named like `https://acme.example/team`, dots and all. */
const claimAt = (claims: Readonly<Record<string, unknown>>, path: string): unknown => {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined,
      claims,
    );
};

/**
 * Values come from tokens, and what is in a token a user may have chosen (a display name). On one line, without control or
 * invisible characters and not long, a value can't pass for a paragraph of the text around it.
 */
const asData = (value: unknown): string => {
  const values: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_VALUE) : [value];
  return values
    .flatMap((one) => (SCALAR.has(typeof one) ? [String(one).slice(0, MAX_VALUE)] : []))
    .map((text) =>
      text
        .toWellFormed()
        .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
        .trim(),
    )
    .join(', ')
    .slice(0, MAX_VALUE)
    .toWellFormed();
};

const SCALAR: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);
