import { createHash } from 'node:crypto';
import type { OpenApiBody } from '../../../config/compiled-mcp.ts';
import type { Raw } from '../../core/mcp.ts';
import { BadArgument } from './bad-argument.ts';
import { isPlainObject, isScalar, scalarText } from './scalar.ts';
import { writePairs } from './write-query.ts';

export interface WrittenBody {
  readonly contentType: string;
  readonly content: { readonly body: string } | { readonly bytes: Uint8Array };
}

/** The body out of the arguments that belong to it; `undefined` where there is none to send. */
export const writeBody = (body: OpenApiBody, args: Raw): WrittenBody | undefined => {
  const { contentType, argument = 'body' } = body;
  const value = body.members === undefined ? own(args, argument) : fromMembers(body, body.members, args);
  if (value === undefined) return undefined;
  if (contentType === 'application/x-www-form-urlencoded') return { contentType, content: { body: form(body, value) } };
  if (contentType === 'multipart/form-data') return multipart(body, value);
  if (contentType === 'application/octet-stream') return { contentType, content: { bytes: bytes(value, argument) } };
  if (contentType === 'text/plain')
    return { contentType: 'text/plain; charset=utf-8', content: { body: scalarText(value, argument) } };
  return { contentType, content: { body: JSON.stringify(value) } };
};

const own = (args: Raw, name: string): unknown => (Object.hasOwn(args, name) ? args[name] : undefined);

const fromMembers = (
  { required }: OpenApiBody,
  members: Readonly<Record<string, string>>,
  args: Raw,
): Raw | undefined => {
  const given = Object.entries(members).filter(([argument]) => Object.hasOwn(args, argument));
  if (given.length === 0 && !required) return undefined;
  return Object.fromEntries(given.map(([argument, member]) => [member, args[argument]]));
};

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] => {
  if (!isPlainObject(value)) throw new BadArgument('body takes an object');
  return Object.entries(value).filter(([, item]) => item !== null);
};

/** https://url.spec.whatwg.org/#application/x-www-form-urlencoded */
const form = ({ styles = {} }: OpenApiBody, value: unknown): string =>
  entriesOf(value)
    .flatMap(([name, item]) => {
      const isObject = isPlainObject(item);
      const { style, explode } = styles[name] ?? { style: isObject ? 'deepObject' : 'form', explode: true };
      // An exploded object would have its keys beside the form's own members.
      return writePairs({ name, style: isObject && explode ? 'deepObject' : style, explode }, item, name);
    })
    .join('&')
    .replaceAll('%20', '+');

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

const bytes = (value: unknown, argument: string): Uint8Array => {
  const text =
    typeof value === 'string' ? value.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/') : undefined;
  if (text === undefined || !BASE64.test(text)) throw new BadArgument(`${argument} takes bytes as base64`);
  return Buffer.from(text, 'base64');
};

/** RFC 7578, names as browsers escape them. */
const multipart = (body: OpenApiBody, value: unknown): WrittenBody => {
  const files = new Set(body.files ?? []);
  const parts = entriesOf(value).flatMap(([name, item]) =>
    (Array.isArray(item) ? item : [item]).map((one) => (files.has(name) ? filePart(name, one) : fieldPart(name, one))),
  );
  const whole = Buffer.concat(parts.flatMap(({ head, content }) => [Buffer.from(head), content]));
  // Out of the content itself, so that no content can hold it.
  const boundary = `gatehouse-${createHash('sha256').update(whole).digest('hex').slice(0, 40)}`;
  const pieces = parts.flatMap(({ head, content }) => [
    Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ]);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    content: { bytes: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]) },
  };
};

interface Part {
  readonly head: string;
  readonly content: Uint8Array;
}

const quoted = (name: string): string =>
  `"${name.replace(/["\r\n]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)}"`;

const filePart = (name: string, item: unknown): Part => ({
  head: `content-disposition: form-data; name=${quoted(name)}; filename=${quoted(name)}\r\ncontent-type: application/octet-stream`,
  content: bytes(item, name),
});

const fieldPart = (name: string, item: unknown): Part => {
  const head = `content-disposition: form-data; name=${quoted(name)}`;
  if (isScalar(item)) return { head, content: Buffer.from(scalarText(item, name)) };
  return { head: `${head}\r\ncontent-type: application/json`, content: Buffer.from(JSON.stringify(item)) };
};
