import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PinnedTool } from '../../config/compiled-mcp.ts';
import { hashDefinition } from '../../config/hash-definition.ts';
import { MAX_LOCKFILE_BYTES, type Pins, readLockfile, writeLockfile } from '../../config/pins.ts';
import { readJson } from '../../lambda/targets/read-json.ts';

const pin = (definition: Record<string, unknown>): PinnedTool => ({ sha256: hashDefinition(definition), definition });

const PINS: Pins = {
  slack: { post: pin({ name: 'post', description: 'Posts.' }) },
  github: {
    b: pin({ name: 'b', inputSchema: { type: 'object', properties: { z: {}, a: {} } } }),
    a: pin({ name: 'a', description: 'hidden: \u200b\u{e0041}\u202e, seen: ü 東 🙂' }),
  },
};

const problems = (text: string): readonly string[] => {
  const read = readLockfile(text);
  return 'problems' in read ? read.problems : [];
};

describe('T1: a lock file', () => {
  test('says what was written', () => {
    expect(readLockfile(writeLockfile(PINS))).toEqual({ pins: PINS });
  });

  test('is the same bytes for the same pins, whatever order they are in', () => {
    const turned = Object.fromEntries(
      Object.entries(PINS)
        .reverse()
        .map(([server, tools]) => [server, Object.fromEntries(Object.entries(tools).reverse())]),
    );
    expect(writeLockfile(turned)).toBe(writeLockfile(PINS));
    const again = readLockfile(writeLockfile(PINS));
    expect('pins' in again ? writeLockfile(again.pins) : '').toBe(writeLockfile(PINS));
  });

  test('keeps the order of parameters that the server gave them: models read it', () => {
    expect(writeLockfile(PINS).indexOf('"z"')).toBeLessThan(writeLockfile(PINS).lastIndexOf('"a": {}'));
  });

  test('shows a reviewer what would hide, and leaves what can be read', () => {
    const text = writeLockfile(PINS);
    expect(text).toContain('\\u200b\\udb40\\udc41\\u202e, seen: ü 東 🙂');
    expect(text).not.toMatch(/[\p{Cf}\u{e0000}-\u{e007f}]/u);
  });

  test('holds whatever a server may list', () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', '1'),
    );
    fc.assert(
      fc.property(name, name, fc.dictionary(name, fc.jsonValue()), (server, tool, rest) => {
        const definition = { ...JSON.parse(JSON.stringify(rest)), name: tool };
        const pins = Object.fromEntries([[server, Object.fromEntries([[tool, pin(definition)]])]]);
        const read = readLockfile(writeLockfile(pins));
        expect(read).toEqual({ pins });
      }),
    );
  });

  test('keeps every digit of a number, as the server wrote it', () => {
    const definition = readJson('{"name":"n","maximum":9007199254740993,"multipleOf":1.50,"minimum":-0,"x":1e400}');
    const live = definition as Record<string, unknown>;
    expect(problems(writeLockfile({ s: { n: pin(live) } }))).toEqual([]);
    expect(writeLockfile({ s: { n: pin(live) } })).toContain('9007199254740993');
  });

  const text = writeLockfile(PINS);
  test.each([
    ['that is no JSON', '{', 'is not JSON'],
    ['of another version', text.replace('"lockfileVersion": 1', '"lockfileVersion": 2'), 'expected lockfileVersion 1'],
    ['without servers', '{"lockfileVersion":1}', 'expected servers'],
    ['whose servers are a list', '{"lockfileVersion":1,"servers":[]}', 'expected servers'],
    ['whose server is no map', '{"lockfileVersion":1,"servers":{"a":1}}', 'servers."a": expected tools by name'],
    [
      'in which a description was changed',
      text.replace('Posts.', 'Posts!'),
      'servers."slack"."post": the definition is not the one of its sha256',
    ],
    [
      'in which a name was changed',
      text.replace('"post": {', '"pest": {'),
      'servers."slack"."pest": the definition has another name',
    ],
    [
      'that says more than it may',
      text.replace('"sha256"', '"by": "me", "sha256"'),
      'servers."github"."a": expected nothing but sha256 and definition',
    ],
    ['without a hash', text.replace('"sha256"', '"sha512"'), 'servers."github"."a": expected sha256 and definition'],
  ])('%s is not read', (_, written, problem) => {
    expect(problems(written)).toEqual([problem]);
  });

  test('that says a name twice is not read: a reviewer may have seen the other', () => {
    const twice = text.replace('"description": "Posts."', '"description": "Anything.", "description": "Posts."');
    expect(problems(twice)).toEqual(['was edited by hand, or merged into something with a name twice']);
    expect(problems(text.replace('"lockfileVersion": 1', '"lockfileVersion": 1, "lockfileVersion": 1'))).toHaveLength(
      1,
    );
  });

  test('may be indented otherwise, or have other line ends', () => {
    expect(
      problems(
        JSON.stringify(JSON.parse(text)).replace(/[\p{Cf}]/gu, (c) =>
          [...Array(c.length).keys()].map((i) => `\\u${c.charCodeAt(i).toString(16)}`).join(''),
        ),
      ),
    ).toEqual([]);
    expect(problems(text.replaceAll('\n', '\r\n'))).toEqual([]);
  });

  test('with several problems tells all of them', () => {
    expect(problems(text.replace('Posts.', 'x').replace('"type": "object"', '"type": "array"'))).toHaveLength(2);
  });

  test('that is too large is not read', () => {
    expect(problems(' '.repeat(MAX_LOCKFILE_BYTES + 1))).toEqual(['is larger than 4 MB']);
  });
});
