import { describe, expect, test } from '@jest/globals';
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
  const counting: DecideTool = (call) => ({
    of: (one) => {
      decisions += 1;
      return decide(call).of(one);
    },
    all: (tools) => {
      decisions += tools.length;
      return decide(call).all(tools);
    },
  });
  const { of: list, any } = createListedTools(compiled, counting);
  return { list, any, decisions: () => decisions };
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

test('whether there is any is found out without the others, and not remembered', () => {
  const { any, list, decisions } = listing({ allow: [{ tools: ['list_*'] }] });
  expect([any(toList(READER), TOOLS), decisions()]).toEqual([true, 1]);
  list(toList(READER), TOOLS);
  expect(decisions()).toBe(4);
  expect(listing({ allow: [] }).any(toList(READER), TOOLS)).toBe(false);
});

describe('who can not be told from another by JSON is decided about each time', () => {
  const having = (x: unknown) => toList({ ...READER, claims: { x } });

  test.each([
    ['an endless number', Number.POSITIVE_INFINITY, null, 'claims.x > 100.0'],
    ['a negative nothing', 0, -0, '1.0 / claims.x > 0.0'],
  ])('%s', (_, one, other, when) => {
    const { list } = listing({ allow: [{ when }] });
    for (const x of [one, other, one])
      expect(list(having(x), TOOLS)).toHaveLength(
        decider({ allow: [{ when }] })(having(x), tool('list_a')).result === 'allow' ? 3 : 0,
      );
    expect(list(having(one), TOOLS)).toHaveLength(3);
    expect(list(having(other), TOOLS)).toHaveLength(0);
  });

  test('nor is who has claims that are nested too deep to be written', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    const { list, decisions } = listing({});
    expect([list(having(deep), TOOLS).length, list(having(deep), TOOLS).length, decisions()]).toEqual([3, 3, 6]);
  });
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

const aboutRequest = fc.constantFrom(
  "request.ip == '10.0.0.1'",
  "tool.name == 'list_x' || request['ip'] != '10.0.0.1'",
);

test('G11: whoever asked before, each is shown what the decision says about each tool', () => {
  fc.assert(
    fc.property(
      rules(fc.oneof(condition, aboutArguments, aboutRequest)),
      fc.boolean(),
      fc.array(who, { minLength: 2, maxLength: 8 }),
      fc.array(which, { maxLength: 6 }),
      (policy, stepUp, callers, tools) => {
        const { list } = listing(policy, stepUp);
        for (const [index, caller] of callers.entries()) {
          const call = { ...toList(caller), request: { ...toList(caller).request, ip: `10.0.0.${index % 2}` } };
          const expected = tools.filter((one) => {
            const { result } = decider(policy)(call, one);
            return result === 'allow' || (stepUp && result === 'scope-missing');
          });
          expect(list(call, tools)).toEqual(expected);
        }
      },
    ),
    { numRuns: 500 },
  );
});
