import type { OpenApiParameter } from '../../../config/compiled-mcp.ts';
import type { Raw } from '../../core/mcp.ts';
import { BadArgument } from './bad-argument.ts';
import { encode, isPlainObject, isScalar, scalarText } from './scalar.ts';

/** Characters that look like a slash, which some servers take for one. NFKC has folded others before. */
const SLASHES = /[/\\\u2044\u2215\u2216\u29F5\u29F8\u29F9\uFE68]/;
const ESCAPE = /%[0-9A-Fa-f]{2}/;
const DOTS = /^\.+(;|$)/;

/**
 * The path with its arguments in it. A value never becomes more than the part of a segment where it stands (O8): slashes,
 * dots alone and what a server might decode into them are refused rather than encoded, because servers and proxies decode
 * more than once.
 */
export const writePath = (template: string, parameters: readonly OpenApiParameter[], args: Raw): string => {
  const byName = new Map(parameters.filter((one) => one.in === 'path').map((one) => [one.name, one]));
  const path = template.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const parameter = byName.get(name);
    if (parameter === undefined) return encode(whole);
    return writeValue(parameter, Object.hasOwn(args, parameter.argument) ? args[parameter.argument] : undefined);
  });
  // Two harmless values side by side can still be two dots.
  if (path.split('/').some((segment) => DOTS.test(segment.replace(/%3B/gi, ';'))))
    throw new BadArgument('the arguments make a path of dots');
  return path;
};

const part = (value: unknown, argument: string): string => {
  const text = scalarText(value, argument);
  if (text === '') throw new BadArgument(`${argument} may not be empty: it is part of a path`);
  if (ESCAPE.test(text)) throw new BadArgument(`${argument} is percent-encoded: write it plainly`);
  const folded = text.normalize('NFKC');
  if (SLASHES.test(folded)) throw new BadArgument(`${argument} may not hold a slash: it is part of a path`);
  if (/\p{Cc}/u.test(folded)) throw new BadArgument(`${argument} may not hold control characters`);
  if (DOTS.test(folded.trim())) throw new BadArgument(`${argument} may not be dots alone: it is part of a path`);
  return encode(text);
};

/** RFC 6570 as OpenAPI has it: simple, label and matrix, exploded or not. */
const writeValue = ({ argument, name, style, explode, shape }: OpenApiParameter, value: unknown): string => {
  const key = encode(name);
  const before = style === 'label' ? '.' : style === 'matrix' ? `;${key}=` : '';
  if (style === 'json') return part(JSON.stringify(value), argument);
  if (isScalar(value)) {
    if (shape === 'array' || shape === 'object') throw new BadArgument(`${argument} takes a list or an object`);
    return `${before}${part(value, argument)}`;
  }
  if (shape === 'scalar') throw new BadArgument(`${argument} takes one plain value`);
  const pieces = Array.isArray(value)
    ? value.map((item) => part(item, argument))
    : isPlainObject(value)
      ? Object.entries(value).flatMap(([itemKey, item]) => {
          const [left, right] = [part(itemKey, argument), part(item, argument)];
          return explode ? [`${left}=${right}`] : [left, right];
        })
      : [];
  if (pieces.length === 0) throw new BadArgument(`${argument} may not be empty: it is part of a path`);
  if (style === 'matrix' && explode)
    return pieces.map((piece) => (Array.isArray(value) ? `;${key}=${piece}` : `;${piece}`)).join('');
  if (style === 'label') return `.${pieces.join(explode ? '.' : ',')}`;
  return `${before}${pieces.join(',')}`;
};
