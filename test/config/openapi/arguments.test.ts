import { describe, expect, test } from '@jest/globals';
import { bodyOf, compile, inputOf, toolOf } from '../../support/openapi.ts';

const text = { type: 'string' };
const param = (name: string, place: string, rest: object = {}) => ({ name, in: place, schema: text, ...rest });

describe('O3: one flat list of arguments', () => {
  test('O3: the parameter of an operation wins over that of its path, by name and place', () => {
    const [tool] = compile({
      '/a/{id}': {
        parameters: [param('id', 'path', { description: 'path' }), param('q', 'query', { description: 'shared' })],
        get: { parameters: [param('id', 'path', { description: 'own' }), param('q', 'header')] },
      },
    }).tools;
    expect(tool?.parameters.map(({ in: place, argument }) => [place, argument])).toEqual([
      ['path', 'id'],
      ['query', 'query_q'],
      ['header', 'header_q'],
    ]);
    expect(tool && inputOf(tool).properties.id).toEqual({ type: 'string', description: 'own' });
  });

  test('O3: members of a body stand beside the parameters, and two of one name are told apart by their place', () => {
    const tool = toolOf(
      { parameters: [param('id', 'path')], ...bodyOf({ type: 'object', properties: { id: text, name: text } }) },
      {},
      { path: '/a/{id}', method: 'put' },
    );
    expect(Object.keys(inputOf(tool).properties)).toEqual(['path_id', 'body_id', 'name']);
    expect(tool.parameters[0]).toMatchObject({ argument: 'path_id', name: 'id' });
    expect(tool.body?.members).toEqual({ body_id: 'id', name: 'name' });
  });

  test('O3: members of allOf are members', () => {
    const tool = toolOf(
      bodyOf({
        allOf: [{ $ref: '#/components/schemas/Base' }, { type: 'object', properties: { b: text }, required: ['b'] }],
      }),
      { components: { schemas: { Base: { type: 'object', properties: { a: text } } } } },
      { method: 'post' },
    );
    expect(tool.body?.members).toEqual({ a: 'a', b: 'b' });
    expect(inputOf(tool).required).toEqual(['b']);
  });

  test.each([
    ['a list', { type: 'array', items: text }],
    ['a text', text],
    ['any object', { type: 'object' }],
    ['a map', { type: 'object', properties: { a: text }, additionalProperties: text }],
    [
      'a choice',
      {
        oneOf: [
          { type: 'object', properties: { a: text } },
          { type: 'object', properties: { b: text } },
        ],
      },
    ],
    ['an object that may be null', { type: ['object', 'null'], properties: { a: text } }],
  ])('O3: %s is one argument, body', (_, schema) => {
    const tool = toolOf({ ...bodyOf(schema), parameters: [param('body', 'query')] }, {}, { method: 'post' });
    expect(tool.body).toMatchObject({ argument: 'body' });
    expect(Object.keys(inputOf(tool).properties).toSorted()).toEqual(['body', 'query_body']);
  });

  test('O3: names that model providers refuse are made plain, and the API still gets its own', () => {
    const tool = toolOf({
      parameters: [param('filter[status]', 'query'), param('$top', 'query'), param('__proto__', 'query')],
    });
    expect(tool.parameters.map(({ argument, name }) => [argument, name])).toEqual([
      ['filter_status', 'filter[status]'],
      ['top', '$top'],
      ['proto', '__proto__'],
    ]);
  });

  test('O3: nothing but the arguments is accepted', () => {
    expect(toolOf({}).definition.inputSchema).toEqual({ type: 'object', properties: {}, additionalProperties: false });
  });
});

describe('O4: required, readOnly, writeOnly, default', () => {
  const schema = {
    type: 'object',
    required: ['id', 'name', 'secret'],
    properties: { id: { ...text, readOnly: true }, name: text, secret: { ...text, writeOnly: true } },
  };

  test('O4: a path parameter is required whatever the document says; others as it says', () => {
    const tool = toolOf(
      { parameters: [param('id', 'path'), param('q', 'query', { required: true }), param('r', 'query')] },
      {},
      { path: '/a/{id}' },
    );
    expect(inputOf(tool).required).toEqual(['id', 'q']);
  });

  test('O4: what the API sets is no argument, and what it keeps to itself is no result', () => {
    const tool = toolOf(
      { ...bodyOf(schema), responses: { 200: { content: { 'application/json': { schema } } } } },
      {},
      { method: 'post' },
    );
    expect(Object.keys(inputOf(tool).properties)).toEqual(['name', 'secret']);
    expect(inputOf(tool).required).toEqual(['name', 'secret']);
    expect(tool.definition.outputSchema).toMatchObject({
      required: ['id', 'name'],
      properties: { id: text, name: text },
    });
    expect(JSON.stringify(tool.definition.outputSchema)).not.toContain('secret');
  });

  test('O4: what one part of an allOf marks is no longer required by another', () => {
    const tool = toolOf(
      bodyOf({
        type: 'array',
        items: { allOf: [{ properties: { id: { ...text, readOnly: true } } }, { required: ['id', 'a'] }] },
      }),
      {},
      { method: 'post' },
    );
    expect(JSON.stringify(inputOf(tool).properties.body)).not.toContain('"id"');
    expect(JSON.stringify(inputOf(tool).properties.body)).toContain('"required":["a"]');
  });

  test('O4: members of a body that may be left out are not required', () => {
    const tool = toolOf(
      {
        requestBody: {
          content: { 'application/json': { schema: { type: 'object', required: ['a'], properties: { a: text } } } },
        },
      },
      {},
      { method: 'post' },
    );
    expect(inputOf(tool).required).toBeUndefined();
  });

  test('O4: defaults stay', () => {
    const tool = toolOf({ parameters: [param('n', 'query', { schema: { type: 'integer', default: 20 } })] });
    expect(inputOf(tool).properties.n).toEqual({ type: 'integer', default: 20 });
  });
});

describe('O8: what arguments may not set', () => {
  test.each([
    'Host',
    'Cookie',
    'X-Forwarded-For',
    'X-Amz-Security-Token',
    'X-HTTP-Method-Override',
    'X_Forwarded_Host',
    'a b',
    'Mcp-Name',
  ])('O8: the header %s is left out', (name) => {
    const { tools, warnings } = compile({ '/a': { get: { parameters: [param(name, 'header')] } } });
    expect(tools[0]?.parameters).toEqual([]);
    expect(warnings).toEqual([`GET /a: the header parameter ${name} is left out: a header that arguments may not set`]);
  });

  test('O8: an operation that requires one is left out, unless the gateway sends it anyway', () => {
    const both = {
      '/a': { get: { parameters: [param('X-Forwarded-User', 'header', { required: true })] } },
      '/b': { get: { parameters: [param('Authorization', 'header', { required: true })] } },
    };
    const { tools, warnings } = compile(both);
    expect(tools.map(({ path, parameters }) => [path, parameters])).toEqual([['/b', []]]);
    expect(warnings[0]).toBe(
      'GET /a: left out: it requires the header parameter X-Forwarded-User, a header that arguments may not set',
    );
  });

  test('O8: a cookie is an argument only where the policy lists it', () => {
    const paths = { '/a': { get: { operationId: 'a', parameters: [param('theme', 'cookie')] } } };
    expect(compile(paths).tools[0]?.parameters).toEqual([]);
    expect(compile(paths, {}, { overrides: { a: { cookies: ['theme'] } } }).tools[0]?.parameters).toMatchObject([
      { argument: 'theme', in: 'cookie' },
    ]);
  });

  test.each(['/a/../b', '/a//b', '/a?x=1', '/a#b', '/a/%2e%2e/b', 'a', '/a\\b', '/a/..;/b'])(
    'O8: the path %s is no tool',
    (path) => {
      const { tools, warnings } = compile({ '/ok': { get: {} }, [path]: { get: {} } });
      expect(tools.map((tool) => tool.path)).toEqual(['/ok']);
      expect(warnings.join()).toContain('left out');
    },
  );

  test('O8: what a path needs and nobody declared is text; what it does not have is left out', () => {
    const { tools, warnings } = compile({
      '/a/{id}': { get: { parameters: [param('other', 'query'), param('x', 'path')] } },
    });
    expect(tools[0]?.parameters.map(({ name }) => name)).toEqual(['other', 'id']);
    expect(warnings).toEqual([
      'GET /a/{id}: the path parameter x is left out: which its path does not have',
      'GET /a/{id}: its path has {id}, which is not declared: taken as text',
    ]);
  });
});
