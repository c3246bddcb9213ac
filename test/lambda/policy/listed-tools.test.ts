import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CatalogTool } from '../../../lambda/core/mcp.ts';
import { createListedTools } from '../../../lambda/policy/listed-tools.ts';
import { createToolDecision, type DecideTool } from '../../../lambda/policy/tool-rules.ts';
import {
  aboutArguments,
  condition,
  decider,
  person,
  READER,
  route,
  rules,
  SERVERS,
  toList,
  tool,
  which,
  who,
} from './tool-policies.ts';

type Policy = Parameters<typeof route>[0];

const TOOLS = ['list_a', 'list_b', 'post_c'].map((name) => tool(name));

/** How often anything is decided, beside what is listed. */
const listing = (policy: Policy, stepUp = false) => {
  const compiled = { ...route(policy), stepUp };
  const decide = createToolDecision(compiled, SERVERS);
  let decisions = 0;
  const counting: DecideTool = (call) => (one) => {
    decisions += 1;
    return decide(call)(one);
  };
  return { list: createListedTools(compiled, counting), decisions: () => decisions };
};

const names = (tools: readonly CatalogTool[]): readonly string[] => tools.map(({ name }) => name);

test('a caller who asks again is answered from memory, with the same array', () => {
  const { list, decisions } = listing({ allow: [{ scope: 'mcp:read', tools: ['list_*'] }] });
  const first = list(toList(READER), TOOLS);
  expect(names(first)).toEqual(['list_a', 'list_b']);
  expect(list({ ...toList(READER), id: 'req_2' }, TOOLS)).toBe(first);
  expect(decisions()).toBe(3);
  expect(list(toList(READER), [...TOOLS])).not.toBe(first); // Another catalogue.
  expect(decisions()).toBe(6);
});

test.each([
  ['scopes', { ...READER, scopes: [] }],
  ['roles', { ...READER, roles: ['staff'] }],
  ['groups', { ...READER, groups: ['g'] }],
  ['claims', { ...READER, claims: { team: 'red' } }],
  ['subject', { ...READER, sub: 'joe' }],
  ['client', { ...READER, clientId: 'other' }],
  ['issuer', { ...READER, issuer: 'https://other.example' }],
  ['actor', { ...READER, actor: { sub: 'agent' } }],
  ['id', { ...READER, id: 'other' }],
])('who has other %s is decided about anew', (_, principal) => {
  const { list, decisions } = listing({});
  list(toList(READER), TOOLS);
  list(toList(principal), TOOLS);
  expect(decisions()).toBe(6);
});

const from = (ip: string) => ({ ...toList(READER), request: { ...toList(READER).request, ip } });

test('where a rule reads the request, another request is decided about anew', () => {
  for (const policy of [
    { authorization: { deny: ["request.ip == '10.0.0.1'"] } },
    { authorization: { require: ["request.ip != '10.0.0.1'"] } },
    { authorization: { allow: ["request['ip'] != '10.0.0.1'"] } },
    { allow: [{ when: "request.ip != '10.0.0.1'" }] },
  ] satisfies Policy[]) {
    const { list } = listing(policy);
    expect([list(from('10.0.0.2'), TOOLS).length, list(from('10.0.0.1'), TOOLS).length]).toEqual([3, 0]);
  }
  const { list } = listing({ allow: [{ when: "'x' == 'x'" }] });
  expect(list(from('10.0.0.1'), TOOLS)).toBe(list(from('10.0.0.2'), TOOLS));
});

test('who asked longest ago is forgotten first', () => {
  const { list } = listing({});
  const kept = list(toList(person(['kept'])), TOOLS);
  const forgotten = list(toList(person(['forgotten'])), TOOLS);
  for (let other = 0; other < 63; other++) {
    list(toList(person([`other-${other}`])), TOOLS);
    list(toList(person(['kept'])), TOOLS);
  }
  expect(list(toList(person(['kept'])), TOOLS)).toBe(kept);
  expect(list(toList(person(['forgotten'])), TOOLS)).not.toBe(forgotten);
});

test('G11: whoever asked before, each is shown what the decision says about each tool', () => {
  fc.assert(
    fc.property(
      rules(fc.oneof(condition, aboutArguments)),
      fc.boolean(),
      fc.array(who, { minLength: 2, maxLength: 8 }),
      fc.array(which, { maxLength: 6 }),
      (policy, stepUp, callers, tools) => {
        const { list } = listing(policy, stepUp);
        for (const caller of callers) {
          const expected = tools.filter((one) => {
            const { result } = decider(policy)(toList(caller), one);
            return result === 'allow' || (stepUp && result === 'scope-missing');
          });
          expect(list(toList(caller), tools)).toEqual(expected);
        }
      },
    ),
    { numRuns: 500 },
  );
});
