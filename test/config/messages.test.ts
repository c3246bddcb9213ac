import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { ConfigError, loadGatewayConfig } from '../../config/load.ts';
import { parseTemplate, TemplateError } from '../../config/template.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-messages-'));
  mkdirSync(path.join(directory, 'policies'));
  const put = (name: string, content: string | Uint8Array) => writeFileSync(path.join(directory, name), content);
  put('policies/a.md', '\uFEFFFor {{ principal.sub }} of {{claims.team}}.\n\n');
  put('policies/unknown.md', 'one\ntwo {{principal.password}}\n');
  put('policies/latin1.md', new Uint8Array([0x66, 0xfc, 0x72]));
  put('policies/empty.md', ' \n');
  put('policies/full.md', 'x'.repeat(64 * 1024));
  put('policies/large.md', 'x'.repeat(64 * 1024 + 1));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const policy = (prepend: string) => `name: test
credentials: { key: {} }
defaults: { authorization: { allow: ["true"] } }
identity: { providers: { okta: { kind: okta, issuer: https://okta.example, audiences: [a] } } }
llm:
  providers: { openai: { kind: openai, credential: key } }
  routes:
    /openai:
      provider: openai
      enrich:
        prepend:
          - ${prepend}
`;
const load = (prepend: string) =>
  loadGatewayConfig(policy(prepend), { file: path.join(directory, 'gateway.yaml'), env: {} }).config;
const problemsOf = (prepend: string): readonly string[] => {
  try {
    load(prepend);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
  }
};

describe('messages that a policy adds', () => {
  test('are read from a file beside it, and the claims in them reach the functions', () => {
    const compiled = compilePolicy(load('{ role: system, content: { file: policies/a.md } }'));
    expect(compiled.llm.routes[0]?.enrich).toEqual({
      prepend: [{ role: 'system', text: 'For {{ principal.sub }} of {{claims.team}}.' }],
      append: [],
    });
    expect(compiled.claimsUsed).toEqual(['team']);
  });

  test('may be 64 KB', () => {
    expect(problemsOf('{ role: user, content: { file: policies/full.md } }')).toEqual([]);
  });

  test.each([
    ['policies/missing.md', 'no file policies/missing.md beside this one'],
    ['policies', 'no file policies beside this one'],
    ['policies/large.md', 'policies/large.md is larger than 64 KB'],
    ['policies/latin1.md', 'policies/latin1.md is not UTF-8'],
    ['policies/empty.md', 'policies/empty.md is empty'],
    ['../secret.md', 'expected the path of a file beside this one, or below'],
    ['/etc/hostname', 'expected the path of a file beside this one, or below'],
    ['.', 'expected the path of a file beside this one, or below'],
    ['policies/unknown.md', 'policies/unknown.md, line 2: no placeholder {{principal.password}}: accepted are '],
  ])('in the file %s are a problem of the policy, at its line', (file, message) => {
    expect(problemsOf(`{ role: system, content: { file: ${file} } }`)).toEqual([
      expect.stringContaining(`12:46: llm.routes./openai.enrich.prepend[0].content.file: ${message}`),
    ]);
  });

  test('with a placeholder that nobody fills are refused at the placeholder', () => {
    expect(problemsOf('{ role: system, content: "It is {{time}}" }')).toEqual([
      expect.stringMatching(/^12:45: .*content: no placeholder \{\{time\}\}: accepted are .*date, route and claims/),
    ]);
  });

  test('do not open a conversation with the assistant', () => {
    expect(problemsOf('{ role: assistant, content: Hello }')).toEqual([
      expect.stringContaining('12:21: llm.routes./openai.enrich.prepend[0].role: a conversation starts with user'),
    ]);
  });

  test('are problems beside others, also under a misspelt key', () => {
    const text = policy('{ role: system, content: { file: no.md } }').replace('enrich:', 'enrch:');
    expect(() => loadGatewayConfig(text, { file: path.join(directory, 'gateway.yaml'), env: {} })).toThrow(
      /did you mean enrich\?[\s\S]*no file no\.md/,
    );
  });

  test('in a policy built in code are texts', () => {
    const config = load('{ role: system, content: text }');
    const route = { provider: 'openai', enrich: { append: [{ role: 'system' as const, content: { file: 'a.md' } }] } };
    expect(() => compilePolicy({ ...config, llm: { ...config.llm, routes: { '/openai': route } } })).toThrow(
      'not files',
    );
  });
});

describe('a template', () => {
  test('is cut at its placeholders, and braces that are none are text', () => {
    expect(parseTemplate('a {{date}}{{ claims.https://x.example/team }} {b} {{ {')).toEqual([
      { type: 'text', text: 'a ' },
      { type: 'value', name: 'date' },
      { type: 'claim', path: 'https://x.example/team' },
      { type: 'text', text: ' {b} {{ {' },
    ]);
  });

  test.each(['{{}}', '{{claims}}', '{{claims.}}', '{{claims.a b}}', '{{principal.claims.x}}', '{{Date}}'])(
    '%s is filled by nobody',
    (text) => {
      expect(() => parseTemplate(text)).toThrow(TemplateError);
    },
  );
});
