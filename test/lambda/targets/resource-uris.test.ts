import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createResourceUris, resultForClient, withUiUri } from '../../../lambda/targets/resource-uris.ts';
import { matchesTemplate } from '../../../lambda/targets/uri-templates.ts';

const docs = createResourceUris('docs', 'always');

const someUri = fc.oneof(
  fc.webUrl(),
  fc.stringMatching(/^[a-z][a-z0-9+.-]{0,8}:\/\/[ -~]{0,30}$/),
  fc.stringMatching(/^ui:\/\/[ -~]{0,30}$/),
  fc.string(),
);

describe('G7: URIs of resources', () => {
  test.each([
    ['file:///a/b', 'docs+file:///a/b'],
    ['ui://widget/main', 'ui://docs/widget/main'],
    ['test://t/{id}/data', 'docs+test://t/{id}/data'],
    ['https://example.com/x', 'docs+https://example.com/x'],
    ['a+b://c', 'docs+a+b://c'],
  ])('%s is %s to clients, and back', (uri, exposed) => {
    expect(docs.toClient(uri)).toBe(exposed);
    expect(docs.toUpstream(exposed)).toBe(uri);
  });

  test('every URI comes back as it was, and to no other server', () => {
    const servers = ['docs', 'doc', 'docs-2', '1st'].map((name) => createResourceUris(name, 'always'));
    fc.assert(
      fc.property(someUri, fc.integer({ min: 0, max: 3 }), (uri, mine) => {
        const exposed = servers[mine]?.toClient(uri) ?? '';
        expect(servers.map((one) => one.toUpstream(exposed))).toEqual(
          servers.map((_, index) => (index === mine ? uri : undefined)),
        );
      }),
    );
  });

  test('there is one spelling only', () => {
    fc.assert(
      fc.property(someUri, (exposed) => {
        const uri = docs.toUpstream(exposed);
        if (uri !== undefined) expect(docs.toClient(uri)).toBe(exposed);
      }),
    );
    expect(docs.toUpstream('docs+ui://widget')).toBeUndefined();
  });

  test('a scheme begins with a letter, also where the name of the server does not', () => {
    expect(createResourceUris('1st', 'always').toClient('file:///a')).toBe('x.1st+file:///a');
  });

  test('without a prefix nothing changes', () => {
    const bare = createResourceUris('docs', 'never');
    expect([bare.toClient('file:///a'), bare.toUpstream('file:///a')]).toEqual(['file:///a', 'file:///a']);
  });

  test('results are rewritten wherever they hold a URI of the server, and nowhere else', () => {
    const result = {
      content: [
        { type: 'text', text: 'file:///a' },
        { type: 'resource_link', uri: 'file:///a', name: 'a' },
        { type: 'resource_link', uri: 'https://example.com/', name: 'web' },
        { type: 'resource', resource: { uri: 'file:///b', text: 'x' } },
      ],
      structuredContent: { uri: 'file:///a' },
      'x-unknown': 1,
    };
    expect(resultForClient('tools/call', result, docs)).toEqual({
      content: [
        { type: 'text', text: 'file:///a' },
        { type: 'resource_link', uri: 'docs+file:///a', name: 'a' },
        { type: 'resource_link', uri: 'https://example.com/', name: 'web' },
        { type: 'resource', resource: { uri: 'docs+file:///b', text: 'x' } },
      ],
      structuredContent: { uri: 'file:///a' },
      'x-unknown': 1,
    });
    expect(resultForClient('resources/read', { contents: [{ uri: 'https://a', text: '' }] }, docs)).toEqual({
      contents: [{ uri: 'docs+https://a', text: '' }],
    });
    const link = { type: 'resource_link', uri: 'file:///a' };
    expect(resultForClient('prompts/get', { messages: [{ role: 'user', content: link }] }, docs)).toEqual({
      messages: [{ role: 'user', content: { ...link, uri: 'docs+file:///a' } }],
    });
    const tool = { name: 't', _meta: { ui: { resourceUri: 'ui://w', x: 1 }, 'ui/resourceUri': 'ui://w' } };
    expect(withUiUri(tool, docs)).toEqual({
      name: 't',
      _meta: { ui: { resourceUri: 'ui://docs/w', x: 1 }, 'ui/resourceUri': 'ui://docs/w' },
    });
  });

  test('a result that makes no sense passes as it is', () => {
    const odd = { content: [null, 1, 'x', { type: 'resource', resource: 1 }], _meta: 3 };
    expect(resultForClient('tools/call', odd, docs)).toEqual(odd);
  });
});

describe('templates', () => {
  test.each([
    ['file:///{path}', 'file:///a/b', true],
    ['test://t/{id}/data', 'test://t/1/data', true],
    ['test://t/{id}/data', 'test://t/1/other', false],
    ['a{x}b{y}c', 'a1b2c', true],
    ['a{x}b{y}c', 'abc', true],
    ['a{x}b', 'a', false],
    ['fixed', 'fixed', true],
    ['fixed', 'fixed2', false],
  ])('%s and %s: %s', (template, uri, expected) => {
    expect(matchesTemplate(template, uri)).toBe(expected);
  });

  test('is linear, whatever a server calls a template', () => {
    const startedMs = performance.now();
    expect(matchesTemplate(`${'a{x}'.repeat(20_000)}b`, 'a'.repeat(200_000))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});
