import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { largeOpenApi } from '../../support/large-openapi.ts';
import { bodyOf, compile, compileText, documentOf, inputOf, problemsOf, toolOf } from '../../support/openapi.ts';

const text = { type: 'string' };
const object = { type: 'object', properties: { a: text } };
const answering = (schema: object, status = '200') => ({
  responses: { [status]: { description: 'x', content: { 'application/json': { schema } } } },
});

describe('O7: content types', () => {
  test.each([
    [['application/xml', 'application/json'], 'application/json'],
    [['text/plain', 'application/vnd.api+json'], 'application/vnd.api+json'],
    [['multipart/form-data', 'application/x-www-form-urlencoded'], 'application/x-www-form-urlencoded'],
    [['multipart/form-data', 'application/octet-stream'], 'multipart/form-data'],
    [['application/json; charset=utf-8'], 'application/json'],
    [['*/*'], 'application/json'],
  ])('O7: of %j it sends %s', (types, sent) => {
    const content = Object.fromEntries(types.map((type) => [type, { schema: object }]));
    expect(toolOf({ requestBody: { content } }, {}, { method: 'post' }).body?.contentType).toBe(sent);
  });

  test('O7: bytes are one argument in base64, text is one argument', () => {
    const bytes = toolOf(
      { requestBody: { required: true, content: { 'application/octet-stream': {} } } },
      {},
      { method: 'put' },
    );
    expect(inputOf(bytes)).toMatchObject({
      properties: { body: { type: 'string', contentEncoding: 'base64' } },
      required: ['body'],
    });
    expect(toolOf(bodyOf(text, 'text/plain'), {}, { method: 'put' }).body).toMatchObject({ argument: 'body' });
  });

  test('O7: an operation with another body is left out and named, never offered without its body', () => {
    const { tools, warnings } = compile({ '/a': { post: bodyOf(object, 'application/xml') }, '/b': { get: {} } });
    expect(tools.map(({ path }) => path)).toEqual(['/b']);
    expect(warnings).toEqual(['POST /a: left out: its body is application/xml, which is not supported']);
  });

  test('O7: GET has no body', () => {
    const { tools, warnings } = compile({ '/a': { get: bodyOf(object) } });
    expect(tools[0]?.body).toBeUndefined();
    expect(warnings).toEqual(['GET /a: its body is left out: its method has none']);
  });
});

describe('O9: where calls go', () => {
  test('O9: no server of the document is in what is compiled, and one of an operation is named', () => {
    const servers = [{ url: 'https://evil.example/{x}', variables: { x: { default: 'y' } } }];
    const made = compile({ '/a': { get: { servers } } }, { servers });
    expect(JSON.stringify(made.tools)).not.toContain('evil');
    expect(made.warnings).toEqual([
      'GET /a: it names servers of its own, which are not used: every call goes to baseUrl',
    ]);
  });
});

describe('O10: security', () => {
  const schemes = (securitySchemes: object) => ({ components: { securitySchemes } });
  const key = { type: 'apiKey', in: 'header', name: 'X-Api-Key' };
  const oauth = { type: 'oauth2', flows: {} };

  test('O10: parameters that carry a credential are no arguments', () => {
    const parameters = [
      { name: 'x-api-key', in: 'header', required: true, schema: text },
      { name: 'key', in: 'query', required: true, schema: text },
      { name: 'q', in: 'query', schema: text },
    ];
    const { tools, warnings } = compile(
      { '/a': { get: { parameters } } },
      { ...schemes({ key, other: { type: 'apiKey', in: 'query', name: 'key' } }), security: [{ key: [] }] },
    );
    expect(tools[0]?.parameters.map(({ name }) => name)).toEqual(['q']);
    expect(warnings).toEqual([]);
  });

  test('O10: scopes of the document are scopes of the tool', () => {
    const { tools } = compile(
      {
        '/a': {
          get: {},
          post: { security: [{ oauth: ['w', 'a'] }, { key: [] }] },
          put: { security: [] },
          patch: { security: [{}, { oauth: ['x'] }] },
        },
      },
      { ...schemes({ oauth, key }), security: [{ oauth: ['r'] }] },
    );
    expect(Object.fromEntries(tools.map(({ method, scopes }) => [method, scopes]))).toEqual({
      GET: ['r'],
      POST: ['a', 'w'],
      PUT: [],
      PATCH: [],
    });
  });

  test.each([
    [key, { header: 'x-api-key', scheme: '' }],
    [
      { type: 'http', scheme: 'basic' },
      { header: 'authorization', scheme: 'Basic' },
    ],
    [
      { type: 'http', scheme: 'bearer' },
      { header: 'authorization', scheme: 'Bearer' },
    ],
    [oauth, { header: 'authorization', scheme: 'Bearer' }],
  ])('O10: %j says how a credential is sent', (scheme, place) => {
    expect(compile({ '/a': { get: { security: [{ s: [] }] } } }, schemes({ s: scheme })).credential).toEqual(place);
  });

  test('O10: a key in the query is not sent, and said', () => {
    const made = compile({ '/a': { get: { security: [{ s: [] }] } } }, schemes({ s: { ...key, in: 'query' } }));
    expect(made.credential).toBeUndefined();
    expect(made.warnings).toEqual([
      'GET /a: it wants its key in the query, which is not sent: keys go into headers only',
    ]);
  });
});

describe('O11: what a tool promises', () => {
  test('O11: an object is promised as it is, anything else as a result within one', () => {
    expect(toolOf(answering(object))).toMatchObject({ wrapped: false, definition: { outputSchema: object } });
    expect(toolOf(answering({ type: 'array', items: text }))).toMatchObject({
      wrapped: true,
      definition: {
        outputSchema: { type: 'object', properties: { result: { type: 'array', items: text } }, required: ['result'] },
      },
    });
    expect(toolOf(answering({ type: ['object', 'null'], properties: { a: text } })).wrapped).toBe(true);
  });

  test('O11: the top is an object, never a reference to one', () => {
    const tree = { type: 'object', properties: { a: { $ref: '#/components/schemas/Tree' } } };
    const tool = toolOf(answering({ $ref: '#/components/schemas/Tree' }), { components: { schemas: { Tree: tree } } });
    expect(tool.definition.outputSchema).toMatchObject({
      type: 'object',
      properties: { a: { $ref: '#/$defs/Tree' } },
      $defs: { Tree: { type: 'object' } },
    });
  });

  test('O11: an answer may hold more than the document knows', () => {
    const tool = toolOf(answering({ ...object, additionalProperties: false }));
    expect(tool.definition.outputSchema).toEqual(object);
  });

  test.each([
    ['any object', answering({ type: 'object' })],
    ['anything', answering({})],
    ['a choice of kinds', answering({ oneOf: [object, text] })],
    ['two good answers', { responses: { ...answering(object).responses, ...answering(object, '201').responses } }],
    ['an answer without content beside', { responses: { ...answering(object).responses, 204: { description: 'x' } } }],
    [
      'another content type',
      { responses: { 200: { content: { 'application/json': { schema: object }, 'text/csv': {} } } } },
    ],
    ['only a default', { responses: { default: answering(object).responses['200'] } }],
  ])('O11: %s promises nothing', (_, operation) => {
    expect(toolOf(operation).definition.outputSchema).toBeUndefined();
  });
});

describe('O12: limits and selection', () => {
  const four = {
    '/pets': { get: { operationId: 'listPets', tags: ['pets'] }, post: { operationId: 'addPet', tags: ['pets'] } },
    '/admin/users': { get: { operationId: 'listUsers', tags: ['admin'] } },
    '/old': { get: { operationId: 'old', tags: ['pets'], deprecated: true } },
  };
  const names = (options: object): unknown[] =>
    compile(four, {}, options).tools.map(({ definition }) => definition.name);

  test.each([
    [{}, ['listPets', 'addPet', 'listUsers']],
    [{ include: { tags: ['pets'] } }, ['listPets', 'addPet']],
    [{ include: { tags: ['pets'], methods: ['GET'] } }, ['listPets']],
    [{ include: { operations: ['list*'] } }, ['listPets', 'listUsers']],
    [{ include: { paths: ['/admin/*'] } }, ['listUsers']],
    [{ exclude: { tags: ['admin'], methods: ['post'] } }, ['listPets']],
    [{ include: { tags: ['pets'], deprecated: true } }, ['listPets', 'addPet', 'old']],
  ])('O12: %j leaves %j', (options, left) => {
    expect(names(options)).toEqual(left);
  });

  test('O12: deprecated operations are left out, and said', () => {
    expect(compile(four).warnings).toEqual([
      '1 deprecated operations are left out: include: { deprecated: true } has them',
    ]);
  });

  test.each([
    [{ include: { tags: ['pet'] } }, 'include.tags: no operation matches pet; did you mean pets?'],
    [{ exclude: { paths: ['/amdin/*'] } }, 'exclude.paths: no operation matches /amdin/*'],
    [{ exclude: { methods: ['delete'] } }, 'exclude.methods: no operation matches delete'],
    [{ exclude: { operations: ['*'] } }, 'no operation is left to be a tool'],
  ])('O12: %j is refused', (options, message) => {
    expect(problemsOf(() => names(options))).toContain(message);
  });

  test('O12: more than 300 tools, more than 5 MB and nesting without end are refused', () => {
    const many = Object.fromEntries(Array.from({ length: 301 }, (_, index) => [`/p${index}`, { get: {} }]));
    expect(problemsOf(() => compile(many))).toContain('301 operations would be tools, at most 300 are');
    expect(problemsOf(() => compileText(' '.repeat(5 * 1024 * 1024 + 1)))).toContain('larger than 5 MB');
    expect(problemsOf(() => compileText(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`))).toContain(
      'nested more than 100',
    );
    expect(problemsOf(() => compileText('openapi: 3.1.0\npaths: &a\n  /a: *a\n'))).toMatch(/nested|aliases/);
  });

  test('O12: a description of 2,000 characters is cut to 1,024', () => {
    const { description } = toolOf({ description: 'a'.repeat(2000) }).definition;
    expect(description).toBe(`${'a'.repeat(1023)}…`);
  });

  test('O12: schemas that are nested deeper than 32 levels are cut', () => {
    const deep = Array.from({ length: 40 }).reduce<Record<string, unknown>>(
      (inner) => ({ type: 'array', items: inner }),
      text,
    );
    const tool = toolOf(bodyOf(deep), {}, { method: 'post' });
    const depth = JSON.stringify(inputOf(tool).properties.body).split('"items"').length - 1;
    expect(depth).toBe(33);
  });

  test('O12: a schema of more than 32 kB loses detail, never the tool', () => {
    const big = {
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: 60 }, (_, index) => [`m${index}`, { type: 'string', description: 'd'.repeat(900) }]),
      ),
    };
    const { tools, warnings } = compile(
      { '/a': { post: bodyOf({ type: 'object', properties: { x: { $ref: '#/components/schemas/Big' } } }) } },
      { components: { schemas: { Big: big } } },
    );
    expect(JSON.stringify(tools[0]?.definition.inputSchema).length).toBeLessThan(32 * 1024);
    expect(JSON.stringify(tools[0]?.definition.inputSchema)).toContain('m59');
    expect(warnings[0]).toContain('described in less detail');
  });

  test('O12: a large document of 300 operations in circles becomes 300 tools that can ship', () => {
    const { tools } = compileText(largeOpenApi(), { serverName: 'large' });
    expect(tools).toHaveLength(300);
    expect(JSON.stringify(tools).length).toBeLessThan(1024 * 1024);
    for (const { definition } of tools) {
      expect(JSON.stringify(definition.inputSchema).length).toBeLessThan(32 * 1024);
      expect(danglingIn(definition.inputSchema)).toEqual([]);
      if (definition.outputSchema !== undefined) expect(danglingIn(definition.outputSchema)).toEqual([]);
    }
    expect(compileText(largeOpenApi(), { serverName: 'large' }).tools).toEqual(tools);
    expect(compileText(largeOpenApi(), { serverName: 'large', include: { tags: ['area-3'] } }).tools).toHaveLength(30);
  });
});

/** References of a written schema that lead nowhere in it. */
const danglingIn = (schema: unknown): string[] => {
  const { $defs = {} } = schema as { $defs?: object };
  const refs = [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
  return refs.filter((ref) => !Object.hasOwn($defs, ref.replace('#/$defs/', '')));
};

describe('O13: descriptions are outside text', () => {
  test('O13: what people can not see is taken out, and said', () => {
    const { tools, warnings } = compile({
      '/a': { get: { description: 'List\u{E0041}\u{E0042} all\u202E pets\u200B' } },
    });
    expect(tools[0]?.definition.description).toBe('List all pets');
    expect(warnings).toEqual(['GET /a: its description has characters that people can not see: left out']);
  });

  test('O13: emoji, Persian and line breaks stay', () => {
    const description = 'خانه\u200Cها\n👩\u200D💻';
    expect(toolOf({ description }).definition.description).toBe(description);
  });
});

describe('what is no document', () => {
  test.each([
    ['', 'found no object'],
    ['[]', 'found no object'],
    ['a: [', 'not readable as JSON or YAML'],
    ['{"a": 1,}', 'expected openapi'],
    ['openapi: 3.2.0\npaths: {}', 'expected openapi: 3.0.x or 3.1.x, or swagger: "2.0"'],
    ['openapi: 3.1.0', '#/paths: the document has no paths'],
    ['openapi: 3.1.0\npaths: {}', 'no operation is left to be a tool'],
    ['{"openapi": "3.1.0", "paths": {"__proto__": {}}}', 'a member named __proto__ is not accepted'],
    [documentOf({ '/a': { get: { parameters: [{ in: 'query' }] } } }), 'a parameter needs a name'],
    [
      documentOf({ '/a': { get: { parameters: [{ name: 'a', in: 'body' }] } } }),
      'a parameter is in path, query, header or cookie',
    ],
  ])('%j: %s', (document, message) => {
    expect(problemsOf(() => compileText(document))).toContain(message);
  });
});

describe('policies/petstore.yaml', () => {
  const petstore = readFileSync('policies/petstore.yaml', 'utf8');

  test('becomes a tool for each of its operations, without a warning', () => {
    const { tools, warnings, credential } = compileText(petstore, { serverName: 'petstore' });
    expect(warnings).toEqual([]);
    expect(credential).toEqual({ header: 'authorization', scheme: 'Bearer' });
    expect(tools.map(({ definition }) => definition.name)).toEqual([
      'list_pets',
      'create_pet',
      'get_pet',
      'delete_pet',
      'update_pet',
      'get_pet_photo',
      'set_pet_photo',
      'get_pet_ancestors',
      'create_order',
      'get_order',
    ]);
  });

  test('include: { tags: [pets] } is what the example of the policy asks for', () => {
    const { tools } = compileText(petstore, { serverName: 'petstore', include: { tags: ['pets'] } });
    expect(tools).toHaveLength(8);
  });
});
