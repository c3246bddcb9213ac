import type { OpenApiParameter } from '../../../config/compiled-mcp.ts';
import { isProtectedHeader } from '../../../config/openapi/protected-headers.ts';
import type { Raw } from '../../core/mcp.ts';
import { BadArgument } from './bad-argument.ts';
import { encode, isPlainObject, isScalar, scalarText } from './scalar.ts';

/** Headers and cookies out of arguments, lower case. None of those by which a request is routed, framed or authenticated (O8). */
export const writeHeaders = (parameters: readonly OpenApiParameter[], args: Raw): Readonly<Record<string, string>> => {
  const given = (place: 'header' | 'cookie') =>
    parameters
      .filter((one) => one.in === place && Object.hasOwn(args, one.argument) && args[one.argument] !== null)
      .map((parameter) => ({ parameter, value: args[parameter.argument] }));
  const headers = given('header').map(({ parameter, value }) => {
    // The compiler leaves such parameters out; this holds whatever was compiled.
    if (isProtectedHeader(parameter.name)) throw new BadArgument(`${parameter.argument} may not be sent`);
    return [parameter.name.toLowerCase(), headerValue(parameter, value)] as const;
  });
  const cookies = given('cookie').map(({ parameter, value }) => {
    if (!isScalar(value)) throw new BadArgument(`${parameter.argument} takes one plain value`);
    return `${encode(parameter.name)}=${encode(scalarText(value, parameter.argument))}`;
  });
  return { ...Object.fromEntries(headers), ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }) };
};

const headerValue = ({ argument, explode, shape, style }: OpenApiParameter, value: unknown): string => {
  if (style === 'json') return visible(JSON.stringify(value), argument);
  if (isScalar(value)) return visible(scalarText(value, argument), argument);
  if (shape === 'scalar') throw new BadArgument(`${argument} takes one plain value`);
  if (Array.isArray(value)) return value.map((item) => oneItem(item, argument)).join(',');
  if (!isPlainObject(value)) throw new BadArgument(`${argument} takes one plain value`);
  return Object.entries(value)
    .map(([key, item]) => `${oneItem(key, argument)}${explode ? '=' : ','}${oneItem(item, argument)}`)
    .join(',');
};

const oneItem = (item: unknown, argument: string): string => visible(scalarText(item, argument), argument);

/** Visible ASCII and spaces: a line break would begin a header of its own. */
const visible = (text: string, argument: string): string => {
  if (!/^[\x20-\x7E]*$/.test(text)) throw new BadArgument(`${argument} may hold visible ASCII characters only`);
  return text;
};
