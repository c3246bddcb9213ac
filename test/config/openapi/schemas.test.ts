import { describe, expect, test } from '@jest/globals';
import { bodyOf, compile, compileText, documentOf, inputOf, problemsOf, toolOf } from '../../support/openapi.ts';

const text = { type: 'string' };
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const asBody = (schema: object, rest: object = {}) =>
  inputOf(toolOf(bodyOf({ type: 'array', items: schema }), { ...rest }, { method: 'post' })).properties.body?.items;
const old = { openapi: '3.0.3' };

describe('O5: references', () => {
  const tree = { type: 'object', properties: { name: text, children: { type: 'array', items: ref('Tree') } } };

  test('O5: what is referred to is a definition, written once', () => {
    const tool = toolOf(
      bodyOf({ type: 'object', properties: { a: ref('Name'), b: ref('Name') } }),
      { components: { schemas: { Name: text } } },
      { method: 'post' },
    );
    expect(inputOf(tool)).toMatchObject({
      properties: { a: { $ref: '#/$defs/Name' }, b: { $ref: '#/$defs/Name' } },
      $defs: { Name: text },
    });
  });

  test('O5: a schema that holds itself is one definition that refers to itself', () => {
    const tool = toolOf(
      bodyOf({ type: 'object', properties: { root: ref('Tree') } }),
      { components: { schemas: { Tree: tree } } },
      { method: 'post' },
    );
    expect(inputOf(tool).$defs).toEqual({
      Tree: {
        type: 'object',
        properties: { name: text, children: { type: 'array', items: { $ref: '#/$defs/Tree' } } },
      },
    });
  });

  test('O5: it can be written out to a depth instead, for clients that know no definitions', () => {
    const [tool] = compileText(
      documentOf(
        { '/a': { post: bodyOf({ type: 'object', properties: { root: ref('Tree') } }) } },
        { components: { schemas: { Tree: tree } } },
      ),
      { inlineDepth: 2 },
    ).tools;
    expect(JSON.stringify(tool?.definition)).not.toContain('$');
    expect(tool && inputOf(tool).properties.root).toMatchObject({
      properties: { children: { items: { properties: { children: { items: { type: 'object' } } } } } },
    });
  });

  test('O5: two schemas of one name in different places are two definitions', () => {
    const tool = toolOf(
      bodyOf({ type: 'object', properties: { a: ref('Name'), b: { $ref: '#/components/x-other/Name' } } }),
      { components: { schemas: { Name: text }, 'x-other': { Name: { type: 'integer' } } } },
      { method: 'post' },
    );
    expect(inputOf(tool).$defs).toEqual({ Name: text, Name_2: { type: 'integer' } });
  });

  test('O5: a pointer may be escaped, and may lead into a path', () => {
    const { tools } = compile({
      '/a': { get: { parameters: [{ $ref: '#/paths/~1b~1%7Bid%7D/parameters/0' }] } },
      '/b/{id}': { parameters: [{ name: 'q', in: 'query', schema: text }], get: {} },
    });
    expect(tools[0]?.parameters).toMatchObject([{ name: 'q' }]);
  });

  test.each([
    'https://evil.example/schemas.json#/Pet',
    'other.yaml#/Pet',
    '//evil.example/x',
    'file:///etc/passwd',
    './x.json',
  ])('O5: %s is refused', ($ref) => {
    expect(problemsOf(() => toolOf(bodyOf({ $ref }), {}, { method: 'post' }))).toMatch(
      /leaves the document: only references that begin with # are followed/,
    );
  });

  test('O5: so is one that points nowhere, and one that goes round', () => {
    expect(problemsOf(() => toolOf(bodyOf(ref('Nope')), {}, { method: 'post' }))).toContain('points nowhere');
    const schemas = { A: ref('B'), B: ref('A') };
    expect(problemsOf(() => toolOf(bodyOf(ref('A')), { components: { schemas } }, { method: 'post' }))).toContain(
      'leads back to itself',
    );
  });

  test('O5: also in an answer', () => {
    const content = { 'application/json': { schema: { type: 'array', items: ref('Nope') } } };
    expect(problemsOf(() => compile({ '/a': { get: { responses: { 200: { content } } } } }))).toContain(
      'points nowhere',
    );
  });

  test('O5: every problem is shown, not only the first', () => {
    const text = problemsOf(() => compile({ '/a': { post: bodyOf(ref('X')) }, '/b': { post: bodyOf(ref('Y')) } }));
    expect(text.split('\n')).toHaveLength(2);
  });

  test('O5: a remote reference that nothing uses is no problem', () => {
    const { tools } = compile(
      { '/a': { get: {} }, '/b': { post: bodyOf({ $ref: 'x.yaml' }) } },
      {},
      { include: { paths: ['/a'] } },
    );
    expect(tools).toHaveLength(1);
  });
});

describe('O6: JSON Schema 2020-12', () => {
  test.each([
    [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      { oneOf: [text], nullable: true, description: 'x' },
      { description: 'x', anyOf: [{ oneOf: [text] }, { type: 'null' }] },
    ],
    [
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      { type: 'integer', exclusiveMinimum: 1 },
    ],
    [
      { type: 'integer', maximum: 9, exclusiveMaximum: false },
      { type: 'integer', maximum: 9 },
    ],
    [
      { type: 'string', example: 'a' },
      { type: 'string', examples: ['a'] },
    ],
    [
      { type: 'string', format: 'binary' },
      { type: 'string', contentEncoding: 'base64' },
    ],
    [
      { type: 'string', format: 'byte' },
      { type: 'string', contentEncoding: 'base64' },
    ],
    [
      {
        type: 'object',
        discriminator: { propertyName: 'a' },
        xml: { name: 'b' },
        externalDocs: { url: 'c' },
        'x-d': 1,
      },
      { type: 'object' },
    ],
    [{ type: 'array' }, { type: 'array', items: {} }],
  ])('O6: 3.0 %j', (schema, expected) => {
    expect(asBody(schema, old)).toEqual(expected);
  });

  test('O6: a reference that may be null', () => {
    expect(asBody({ ...ref('Name'), nullable: true }, { ...old, components: { schemas: { Name: text } } })).toEqual({
      anyOf: [{ $ref: '#/$defs/Name' }, { type: 'null' }],
    });
  });

  test('O6: 3.1 is 2020-12 already, apart from what OpenAPI adds', () => {
    const schema = {
      type: ['string', 'null'],
      const: 'a',
      exclusiveMinimum: 2,
      prefixItems: [text],
      $id: 'https://x.example',
      $anchor: 'a',
      xml: {},
    };
    expect(asBody(schema)).toEqual({ type: ['string', 'null'], const: 'a', exclusiveMinimum: 2, prefixItems: [text] });
  });

  test('O6: schemas that are true or false', () => {
    expect(asBody({ type: 'object', properties: { a: true, b: false }, additionalProperties: false })).toEqual({
      type: 'object',
      properties: { a: {}, b: { not: {} } },
      additionalProperties: false,
    });
  });

  test('O6: x-mcp-header and other words that clients act on do not pass', () => {
    expect(asBody({ type: 'string', 'x-mcp-header': 'authorization' })).toEqual(text);
  });
});

describe('O6: Swagger 2', () => {
  const swagger = (paths: object, rest: object = {}) =>
    JSON.stringify({ swagger: '2.0', info: { title: 'Old', version: '1' }, paths, ...rest });

  test('O6: a body, its definitions and what it answers', () => {
    const { tools } = compileText(
      swagger(
        {
          '/pets': {
            post: {
              operationId: 'create',
              parameters: [{ $ref: '#/parameters/Pet' }],
              responses: { 201: { description: 'x', schema: { $ref: '#/definitions/Pet' } } },
            },
          },
        },
        {
          parameters: { Pet: { name: 'pet', in: 'body', required: true, schema: { $ref: '#/definitions/Pet' } } },
          definitions: {
            Pet: {
              type: 'object',
              required: ['name'],
              properties: { name: text, mate: { $ref: '#/definitions/Pet' } },
            },
          },
        },
      ),
    );
    expect(tools[0]?.body).toMatchObject({ contentType: 'application/json', members: { name: 'name', mate: 'mate' } });
    expect(tools[0]?.definition.outputSchema).toMatchObject({ type: 'object', required: ['name'] });
  });

  test('O6: form fields and files', () => {
    const fields = [
      { name: 'note', in: 'formData', type: 'string', required: true },
      { name: 'tags', in: 'formData', type: 'array', items: text, collectionFormat: 'pipes' },
    ];
    const file = { name: 'photo', in: 'formData', type: 'file' };
    const { tools } = compileText(
      swagger({ '/a': { post: { parameters: fields } }, '/b': { post: { parameters: [...fields, file] } } }),
    );
    expect(tools[0]?.body).toMatchObject({
      contentType: 'application/x-www-form-urlencoded',
      styles: { tags: { style: 'pipeDelimited', explode: false } },
    });
    expect(tools[1]?.body).toMatchObject({ contentType: 'multipart/form-data', files: ['photo'] });
    expect(tools[1] && inputOf(tools[1]).properties.photo).toEqual({ type: 'string', contentEncoding: 'base64' });
  });

  test.each([
    ['csv', 'form', false],
    ['ssv', 'spaceDelimited', false],
    ['tsv', 'tabDelimited', false],
    ['pipes', 'pipeDelimited', false],
    ['multi', 'form', true],
  ])('O6: collectionFormat %s', (collectionFormat, style, explode) => {
    const { tools } = compileText(
      swagger({
        '/a': { get: { parameters: [{ name: 'q', in: 'query', type: 'array', items: text, collectionFormat }] } },
      }),
    );
    expect(tools[0]?.parameters[0]).toMatchObject({ style, explode, shape: 'array' });
  });

  test('O6: swagger: 2.0 without quotes, in YAML', () => {
    const { tools } = compileText(
      'swagger: 2.0\ninfo: {title: a, version: "1"}\npaths:\n  /a:\n    get:\n      responses: {200: {description: x}}\n',
    );
    expect(tools).toHaveLength(1);
  });
});
