import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCursors } from '../../../lambda/targets/cursor.ts';

const JANE = { route: '/mcp', method: 'tools/list', principal: 'jane' };
const ITEMS = Array.from({ length: 25 }, (_, i) => `tool-${i}`);

const started = () => {
  const time = { now: 1_800_000_000_000 };
  const cursors = createCursors(Buffer.alloc(32, 7), 10, () => time.now);
  const page = (cursor?: unknown, scope = JANE, items: readonly string[] = ITEMS) =>
    cursors.page(items, (item) => item, scope, cursor);
  return { time, page };
};

const INVALID = { code: 'invalid_request', detail: expect.objectContaining({ reason: 'cursor' }) };

describe('G9: our own pages', () => {
  test('walk through the whole list once', () => {
    const { page } = started();
    const seen: string[] = [];
    for (let cursor: unknown, more = true; more; ) {
      const { items, nextCursor } = page(cursor);
      seen.push(...items);
      cursor = nextCursor;
      more = nextCursor !== undefined;
    }
    expect(seen).toEqual(ITEMS);
  });

  test('a list that fits is one page', () => {
    expect(started().page(undefined, JANE, ['a'])).toEqual({ items: ['a'] });
  });

  test.each([
    ['another principal', { ...JANE, principal: 'joe' }],
    ['another route', { ...JANE, route: '/other/mcp' }],
    ['another list', { ...JANE, method: 'prompts/list' }],
  ])('a cursor is nothing to %s', (_, scope) => {
    const { page } = started();
    const { nextCursor } = page();
    expect(() => page(nextCursor, scope)).toThrow(expect.objectContaining(INVALID));
  });

  test('is old after ten minutes, and useless when the list has changed', () => {
    const { page, time } = started();
    const { nextCursor } = page();
    expect(() => page(nextCursor, JANE, [...ITEMS, 'new'])).toThrow(expect.objectContaining(INVALID));
    time.now += 600_001;
    expect(() => page(nextCursor)).toThrow(expect.objectContaining(INVALID));
  });

  test('one with any bit changed is refused', () => {
    const { page } = started();
    const { nextCursor = '' } = page();
    fc.assert(
      fc.property(fc.nat(nextCursor.length - 1), fc.stringMatching(/^[A-Za-z0-9_-]$/), (at, character) => {
        fc.pre(nextCursor[at] !== character);
        const forged = `${nextCursor.slice(0, at)}${character}${nextCursor.slice(at + 1)}`;
        expect(() => page(forged)).toThrow(expect.objectContaining(INVALID));
      }),
    );
  });

  test('another spelling of one is none', () => {
    const { page } = started();
    const { nextCursor = '' } = page();
    for (const other of [`${nextCursor}=`, ` ${nextCursor}`, `${nextCursor}\n`, `${nextCursor}A`])
      expect(() => page(other)).toThrow(expect.objectContaining(INVALID));
  });

  test.each([[''], ['x'], [7], [null], [{}], ['='.repeat(80)], [`${'A'.repeat(200)}`]])('%p is refused', (cursor) => {
    expect(() => started().page(cursor)).toThrow(expect.objectContaining(INVALID));
  });
});
