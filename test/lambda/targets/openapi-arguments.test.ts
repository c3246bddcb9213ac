import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BadArgument } from '../../../lambda/targets/openapi/bad-argument.ts';
import { buildRequest } from '../../../lambda/targets/openapi/build-request.ts';
import { compile } from '../../support/openapi.ts';

const text = { type: 'string' };
const array = { type: 'array', items: text };
const object = { type: 'object', additionalProperties: text };

/** One tool with a parameter of every place and style, most of them of any kind. */
const STYLES = [
  { name: 'p', in: 'path', schema: {} },
  { name: 'label', in: 'path', style: 'label', explode: true, schema: {} },
  { name: 'matrix', in: 'path', style: 'matrix', explode: true, schema: {} },
  { name: 'q', in: 'query', schema: {} },
  { name: 'csv', in: 'query', explode: false, schema: array },
  { name: 'pipe', in: 'query', style: 'pipeDelimited', explode: false, schema: array },
  { name: 'deep', in: 'query', style: 'deepObject', schema: {} },
  { name: 'flat', in: 'query', schema: object },
  { name: 'json', in: 'query', content: { 'application/json': { schema: {} } } },
  { name: 'X-One', in: 'header', schema: {} },
  { name: 'X-Two', in: 'header', explode: true, schema: object },
];
const [tool] = compile({ '/base/{p}/mid/{label}{matrix}/end': { get: { parameters: STYLES } } }).tools;
const BASE = 'https://api.example:8443/root/v1';

const nasty = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '%2e%2e%2f',
    '%2F',
    '?x=1',
    '#',
    '&a=b',
    '\r\nHost: evil',
    '@evil.example',
    '//evil.example',
    ';',
    '..;',
    '：',
    '／',
    '．．',
    '\u0000',
    '\uD800',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
);
const mixed = fc.array(nasty, { maxLength: 4 }).map((parts) => parts.join(''));
const value = fc.oneof(
  mixed,
  mixed,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(mixed, { maxLength: 3 }),
  fc.dictionary(mixed, mixed, { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
);
/** A few arguments of any kind among harmless ones: all of them at once would nearly always be refused. */
const args = fc
  .array(fc.tuple(fc.constantFrom(...STYLES.map(({ name }) => name)), value), { minLength: 1, maxLength: 3 })
  .map((some): Record<string, unknown> => ({ p: 'a', label: 'b', matrix: 'c', ...Object.fromEntries(some) }));

describe('whatever the arguments are', () => {
  if (tool === undefined) throw new Error('no tool');

  test('host, number of path segments and names of headers stay', () => {
    let sent = 0;
    fc.assert(
      fc.property(args, (given) => {
        let request: ReturnType<typeof buildRequest>;
        try {
          request = buildRequest(tool, BASE, given);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BadArgument);
          return;
        }
        sent++;
        const url = new URL(request.url);
        expect(url.href).toBe(request.url);
        expect([url.origin, url.username, url.password, url.hash]).toEqual(['https://api.example:8443', '', '', '']);
        const segments = url.pathname.split('/');
        expect(segments).toHaveLength(8);
        expect([segments[1], segments[2], segments[3], segments[5], segments[7]]).toEqual([
          'root',
          'v1',
          'base',
          'mid',
          'end',
        ]);
        expect(segments[6]).toMatch(/./);
        for (const segment of segments) {
          expect(decodeURIComponent(segment)).not.toMatch(/[/\\]|\p{Cc}/u);
          expect(decodeURIComponent(segment)).not.toMatch(/^\.+$/);
        }
        const known = ['accept', 'accept-encoding', 'x-one', 'x-two'];
        expect(Object.keys(request.headers).filter((name) => !known.includes(name))).toEqual([]);
        for (const header of Object.values(request.headers)) expect(header).toMatch(/^[\x20-\x7E]*$/);
        expect(request).not.toHaveProperty('body');
      }),
      { numRuns: 2_000 },
    );
    expect(sent).toBeGreaterThan(200);
  });

  const plain = { p: 'a', label: 'b', matrix: 'c' };

  test('a text in the query is read as that text, and adds no parameter', () => {
    fc.assert(
      fc.property(
        mixed.filter((one) => one.isWellFormed()),
        (q) => {
          const { searchParams } = new URL(buildRequest(tool, BASE, { ...plain, q }).url);
          expect([...searchParams]).toEqual([['q', q]]);
        },
      ),
    );
  });

  test('texts in a list of the query stay apart', () => {
    const list = fc.array(
      mixed.filter((one) => one.isWellFormed()),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(list, (csv) => {
        const { search } = new URL(buildRequest(tool, BASE, { ...plain, csv }).url);
        expect(search.replace('?csv=', '').split(',').map(decodeURIComponent)).toEqual(csv);
      }),
    );
  });

  test('a text in the path is read as that text, or refused', () => {
    fc.assert(
      fc.property(mixed, (p) => {
        try {
          const { pathname } = new URL(buildRequest(tool, BASE, { ...plain, p }).url);
          expect(decodeURIComponent(pathname.split('/')[4] ?? '')).toBe(p);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BadArgument);
        }
      }),
    );
  });
});
