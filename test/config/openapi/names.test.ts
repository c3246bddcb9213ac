import { describe, expect, test } from '@jest/globals';
import { compile, compileText, documentOf, problemsOf } from '../../support/openapi.ts';

const namesOf = ({ tools }: ReturnType<typeof compile>): unknown[] => tools.map(({ definition }) => definition.name);

describe('O1: names', () => {
  test('O1: an operation id is the name, with what clients refuse made an underscore', () => {
    expect(namesOf(compile({ '/a': { get: { operationId: 'pets.list all/v2' } } }))).toEqual(['pets_list_all_v2']);
  });

  test('O1: without an id the method and the path are the name', () => {
    expect(
      namesOf(compile({ '/users/{id}': { get: {} }, '/users/{userId}/keys': { post: {} }, '/': { get: {} } })),
    ).toEqual(['get_users_by_id', 'post_users_by_userid_keys', 'get']);
  });

  test('O1: with the server and two underscores before it a name has at most 64 characters, and stays different', () => {
    const long = 'x'.repeat(80);
    const names = namesOf(compile({ '/a': { get: { operationId: `${long}a` }, post: { operationId: `${long}b` } } }));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(`api__${name}`).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });

  test('O1: operations that would share a name are told apart by their path, in whatever order they stand', () => {
    const one = ['/a', { get: { operationId: 'get it' } }] as const;
    const two = ['/b', { get: { operationId: 'get.it' } }] as const;
    const names = namesOf(compile(Object.fromEntries([one, two])));
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => /^get_it_[0-9a-f]{6}$/.test(String(name)))).toBe(true);
    expect(namesOf(compile(Object.fromEntries([two, one])))).toEqual(names.toReversed());
  });

  test('O1: leaving one of them out does not rename the other', () => {
    const text = documentOf({ '/a': { get: { operationId: 'x y' } }, '/b': { get: { operationId: 'x.y' } } });
    const [first] = namesOf(compileText(text));
    expect(namesOf(compileText(text, { include: { paths: ['/a'] } }))).toEqual([first]);
  });

  test('O1: the document names, describes, hides and annotates its tools with x-mcp-', () => {
    const { tools } = compile({
      '/a': {
        get: {
          operationId: 'a',
          'x-mcp-name': 'look at a',
          'x-mcp-title': 'A',
          'x-mcp-description': 'Shows a',
          'x-mcp-scopes': ['a:read'],
          'x-mcp-annotations': { openWorldHint: false },
        },
        post: { operationId: 'b', 'x-mcp-hidden': true },
      },
    });
    expect(tools).toHaveLength(1);
    expect(tools[0]?.definition).toMatchObject({
      name: 'look_at_a',
      title: 'A',
      description: 'Shows a',
      annotations: { openWorldHint: false, readOnlyHint: true },
    });
    expect(tools[0]?.scopes).toEqual(['a:read']);
  });

  test('O1: the policy has the last word, and the later of two overrides', () => {
    const { tools } = compile(
      { '/a': { get: { operationId: 'a', 'x-mcp-description': 'theirs', 'x-mcp-scopes': ['x'] } } },
      {},
      {
        overrides: { '*': { scopes: [], description: 'all' }, a: { description: 'ours', annotations: { title: 'T' } } },
      },
    );
    expect(tools[0]).toMatchObject({ scopes: [], definition: { description: 'ours', annotations: { title: 'T' } } });
  });

  test.each([
    [{ 'x-mcp-nmae': 'a' }, 'unknown extension x-mcp-nmae; did you mean x-mcp-name?'],
    [{ 'x-mcp-hidden': 'yes' }, 'expected true or false'],
    [{ 'x-mcp-scopes': ['two words'] }, 'expected a list of scopes'],
    [{ 'x-mcp-annotations': { safe: true } }, 'expected title, readOnlyHint'],
    [{ 'x-mcp-cookies': ['a'] }, 'unknown extension x-mcp-cookies'],
  ])('O1: %j is refused', (extension, message) => {
    expect(problemsOf(() => compile({ '/a': { get: extension } }))).toContain(message);
  });

  test('O1: an override that means no operation, and a name that another tool has, are refused', () => {
    const paths = { '/a': { get: { operationId: 'list_pets' } }, '/b': { get: { operationId: 'get_pet' } } };
    expect(problemsOf(() => compile(paths, {}, { overrides: { list_pet: {} } }))).toBe(
      'overrides.list_pet: no operation has this name; did you mean list_pets?',
    );
    expect(problemsOf(() => compile(paths, {}, { overrides: { get_pet: { name: 'list_pets' } } }))).toBe(
      'GET /a and GET /b would both be the tool list_pets',
    );
  });
});

describe('O2: annotations', () => {
  test.each([
    ['get', true, false, true],
    ['head', true, false, true],
    ['options', true, false, true],
    ['put', false, true, true],
    ['delete', false, true, true],
    ['post', false, true, false],
    ['patch', false, true, false],
  ])('O2: %s', (method, readOnlyHint, destructiveHint, idempotentHint) => {
    const [tool] = compile({ '/a': { [method]: {} } }).tools;
    expect(tool?.definition.annotations).toEqual({
      readOnlyHint,
      destructiveHint,
      idempotentHint,
      openWorldHint: true,
    });
  });

  test('O2: TRACE is no tool, because it answers with the credential', () => {
    const { tools, warnings } = compile({ '/a': { get: {}, trace: {} } });
    expect(tools).toHaveLength(1);
    expect(warnings).toEqual(['TRACE /a: never becomes a tool']);
  });
});
