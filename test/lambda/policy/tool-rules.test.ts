import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../config/compile.ts';
import type { CompiledMcp, CompiledToolRule } from '../../../config/compiled-mcp.ts';
import { loadGatewayConfig } from '../../../config/load.ts';
import type { CatalogTool, Raw } from '../../../lambda/core/mcp.ts';
import type { Principal } from '../../../lambda/core/principal.ts';
import { annotationsOf } from '../../../lambda/policy/tool-annotations.ts';
import { createToolDecision, type ToolDecision } from '../../../lambda/policy/tool-rules.ts';
import { shipped } from '../../config/problems.ts';
import {
  ADMIN,
  aboutArguments,
  args,
  condition,
  decider,
  person,
  READER,
  route,
  rules,
  SERVERS,
  server,
  toCall,
  toList,
  tool,
  which,
  who,
} from './tool-policies.ts';

describe('the shipped policy', () => {
  const { mcp } = compilePolicy(loadGatewayConfig(shipped, { file: 'gateway.yaml', env: {} }).config);
  const TOOLS = [
    ...['list_channels', 'get_channel_history', 'post_message', 'reply_to_thread', 'search_messages'].map((name) =>
      tool(name),
    ),
    tool('delete_message'),
    ...['list_repositories', 'get_issue', 'list_issues', 'create_issue', 'add_issue_comment'].map((name) =>
      tool(name, 'github'),
    ),
    ...['merge_pull_request', 'delete_repository'].map((name) => tool(name, 'github')),
    ...['list_pets', 'update_pet', 'delete_pet'].map((name) => tool(name, 'petstore')),
  ];
  const seen = (path: string, principal: Principal): readonly string[] => {
    const found = mcp.routes.find((one) => one.path === path);
    if (found === undefined) throw new Error(`no route ${path}`);
    const decide = createToolDecision(found, mcp.servers);
    const offered = TOOLS.filter(({ target }) => found.servers.includes(target));
    const decisions = decide(toList(principal)).all(offered);
    const listed = offered.filter((_, index) => decisions[index]?.result === 'allow');
    const callable = offered.filter((one) => decide(toCall(principal)).of(one).result === 'allow');
    expect(listed).toEqual(callable);
    return listed.map(({ name }) => name);
  };
  const READS = [
    'list_channels',
    'get_channel_history',
    'search_messages',
    'list_repositories',
    'get_issue',
    'list_issues',
  ];

  test('shows a reader what reads', () => {
    expect(seen('/mcp', person(['llm:call', 'mcp:read'])).toSorted()).toEqual([...READS, 'list_pets'].toSorted());
  });

  test('shows jane what writes too, and the animals for her role', () => {
    const jane = person(['llm:call', 'mcp:read', 'mcp:write'], ['ai-agents']);
    expect(seen('/mcp', jane).toSorted()).toEqual(
      [
        ...READS,
        'post_message',
        'reply_to_thread',
        'create_issue',
        'add_issue_comment',
        'list_pets',
        'update_pet',
      ].toSorted(),
    );
  });

  test('lets nobody delete or merge, the admin included', () => {
    const all = seen('/mcp', person(['mcp:admin'], ['ai-agents']));
    expect(all).toHaveLength(TOOLS.length - 4);
    expect(all.filter((name) => /delete|merge/.test(name))).toEqual([]);
  });

  test('shows nobody nothing', () => {
    expect(seen('/mcp', person([]))).toEqual([]);
  });

  test('shows anybody what reads on the public route', () => {
    expect(seen('/public/mcp', person([]))).toEqual(['list_pets']);
  });
});

describe('G44: a deny', () => {
  const isDenied = (patterns: readonly string[], one: CatalogTool): boolean =>
    decider({ deny: patterns })(toCall(ADMIN), one).result === 'deny';

  test.each([
    ['*delete*', 'delete_repo'],
    ['*delete*', 'deleteRepo'],
    ['*delete*', 'DELETE-REPO'],
    ['*delete*', 'repo.Delete'],
    ['delete_*', 'deleteRepo'],
    ['delete_*', 'DELETErepo_v2'],
    ['merge_pull_request', 'mergePullRequest'],
    ['merge_pull_request', 'Merge-Pull-Request'],
    ['mergePullRequest', 'merge_pull_request'],
    ['*delete*', 'd\u0435lete_repo'],
    ['*delete*', '\uff44elete'],
    ['slack__post_message', 'post_message'],
    ['slack__*', 'anything'],
    ['slack_delete_*', 'deleteMessage'],
    ['*slack*', 'anything'],
    ['*', 'anything'],
    ['*', '\u{1f9e8}'],
  ])('of %s has %s', (pattern, name) => {
    expect(isDenied([pattern], tool(name))).toBe(true);
  });

  test.each([
    ['delete', 'delete_repo'],
    ['*delete', 'delete_repo'],
    ['slack', 'post_message'],
    ['github__*', 'anything'],
    ['sla_*', 'anything'],
    ['post_message', 'post_messages'],
  ])('of %s does not have %s', (pattern, name) => {
    expect(isDenied([pattern], tool(name))).toBe(false);
  });

  test('is not about a whole server whose name begins like it', () => {
    expect(isDenied(['drop_*'], tool('upload', 'dropbox'))).toBe(false);
    expect(isDenied(['drop_*'], tool('drop_table', 'dropbox'))).toBe(true);
  });

  test('says which pattern it was, and holds whatever the scope and whatever is allowed', () => {
    const decide = decider({ deny: ['x', 'list_*'], allow: [{ tools: ['*'] }, { scope: 'mcp:admin' }] });
    expect(decide(toCall(ADMIN), tool('list_all'))).toEqual({ result: 'deny', rule: 'tools.deny: list_*' });
    expect(decide(toCall(person([])), tool('list_all')).result).toBe('deny');
  });

  test('is not slipped past by case or separators, wherever they are', () => {
    const name = fc.array(fc.constantFrom('delete', 'repo', 'all', 'x'), { minLength: 1, maxLength: 4 });
    const separator = fc.constantFrom('', '_', '-', '.', '/', ' ', '__', '\u200b', '\u00ad');
    fc.assert(
      fc.property(name, fc.infiniteStream(separator), fc.infiniteStream(fc.boolean()), (words, separators, cases) => {
        const written = words
          .map((word) => word.replace(/./g, (letter) => (cases.next().value ? letter.toUpperCase() : letter)))
          .reduce((before, word) => `${before}${separators.next().value}${word}`);
        const plain = tool(words.join('_'));
        for (const pattern of ['*delete*', 'delete_*', '*_all', 'delete_repo', 'x*repo*x'])
          if (isDenied([pattern], plain)) expect(isDenied([pattern], tool(written))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('has at least what its pattern has as it is written', () => {
    const part = fc.string({
      unit: fc.constantFrom('r', 'n', 'm', 'v', 'w', 'i', '1', 'l', '_', 'A', '0'),
      maxLength: 5,
    });
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        const patterns = [`${a}*`, `*${b}`, `*${b}*`, `${a}*${c}`];
        const names = [`${a}${d}`, `${d}${b}`, `${d}${b}${a}`, `${a}${d}${c}`];
        for (const [index, pattern] of patterns.entries())
          expect(isDenied([pattern], tool(names[index] ?? '', 'x'))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an allow', () => {
  const ALLOW: readonly CompiledToolRule[] = [
    { scope: 'mcp:read', tools: ['list_*', 'get_*'] },
    { scope: 'mcp:write', tools: ['post_*'] },
    { scope: 'mcp:admin', tools: ['*'] },
  ];
  const decide = decider({ allow: ALLOW });

  test('needs the scope, the name and the condition, all three', () => {
    const strict = decider({ allow: [{ scope: 'a', tools: ['x'], when: "'r' in principal.roles" }] });
    const result = (scopes: string[], name: string, roles: string[]) =>
      strict(toCall(person(scopes, roles)), tool(name)).result;
    expect(result(['a'], 'x', ['r'])).toBe('allow');
    expect(result(['a'], 'y', ['r'])).toBe('deny');
    expect(result(['a'], 'x', [])).toBe('deny');
    expect(result([], 'x', ['r'])).toBe('scope-missing');
    expect(result([], 'x', [])).toBe('deny');
  });

  test('has a scope that another includes', () => {
    expect(decide(toCall(person(['mcp:write'])), tool('list_x'))).toEqual({
      result: 'allow',
      rule: 'tools.allow[0]',
    });
    expect(decide(toCall(READER), tool('post_x')).result).toBe('scope-missing');
  });

  test.each(['List_x', 'LIST_X', 'list-x', 'listX', 'l\u0456st_x', 'slack__list_x'])(
    'G4: is exact: %s is not list_x',
    (name) => {
      expect(decide(toCall(READER), tool(name)).result).not.toBe('allow');
    },
  );

  test('is about the own name of a tool, not about what clients call it', () => {
    const own = decider({ allow: [{ tools: ['slack__*'] }] });
    expect(own(toCall(ADMIN), tool('list_x')).result).toBe('deny');
    expect(own(toCall(ADMIN), tool('slack__x', 'github')).result).toBe('allow');
  });

  test('that is absent leaves every tool that is not denied', () => {
    expect(decider({})(toCall(person([])), tool('anything')).result).toBe('allow');
  });

  test('that fails allows nothing', () => {
    expect(decider({ allow: [{ when: 'claims.x == 1' }] })(toCall(ADMIN), tool('x')).result).toBe('deny');
    expect(decider({ allow: [{ when: 'tool.arguments.x' }] })(toCall(ADMIN, { x: 'yes' }), tool('x')).result).toBe(
      'deny',
    );
  });

  test('sees the tool as target and name', () => {
    const own = decider({ allow: [{ when: "mcp.tool.target == 'github' && tool.name.startsWith('get_')" }] });
    expect(own(toCall(READER), tool('get_x', 'github')).result).toBe('allow');
    expect(own(toCall(READER), tool('get_x', 'slack')).result).toBe('deny');
  });
});

describe('the authorization of a route', () => {
  test('decides after what is denied and before what is allowed', () => {
    const decide = decider({
      deny: ['x'],
      authorization: { deny: ["tool.name == 'x' || tool.name == 'y'"], default: 'deny' },
      allow: [{ tools: ['*'] }],
    });
    expect(decide(toCall(ADMIN), tool('x'))).toEqual({ result: 'deny', rule: 'tools.deny: x' });
    expect(decide(toCall(ADMIN), tool('y'))).toMatchObject({
      result: 'deny',
      rule: expect.stringMatching(/^authorization: deny: tool/),
    });
    expect(decide(toCall(ADMIN), tool('z')).result).toBe('allow');
  });

  test('sees arguments and annotations', () => {
    const decide = decider({
      authorization: { deny: ['tool.arguments.force == true'], require: ['!tool.annotations.destructiveHint'] },
    });
    const safe = tool('x', 'github', { destructiveHint: false });
    expect(decide(toCall(ADMIN, { force: false }), safe).result).toBe('allow');
    expect(decide(toCall(ADMIN, { force: true }), safe).result).toBe('deny');
    expect(decide(toCall(ADMIN, { force: false }), tool('x', 'github')).result).toBe('deny');
  });

  test('G45: that fails denies where it denies', () => {
    const decide = decider({ authorization: { deny: ['tool.arguments.force == true'] } });
    expect(decide(toCall(ADMIN, {}), tool('x')).result).toBe('deny');
    expect(decide(toCall(ADMIN), tool('x')).result).toBe('deny');
    expect(decider({ authorization: { deny: ['has(tool.arguments.force)'] } })(toCall(ADMIN), tool('x')).result).toBe(
      'allow',
    );
  });

  test('is asked about a call, also when a list is made', () => {
    const decide = decider({ authorization: { allow: ["mcp.method == 'tools/call'"], default: 'deny' } });
    expect(decide(toList(ADMIN), tool('x')).result).toBe('allow');
  });

  test('is decided for each caller anew', () => {
    const decide = decider({ authorization: { allow: ["'mcp:admin' in principal.scopes"], default: 'deny' } });
    expect(decide(toCall(ADMIN), tool('x')).result).toBe('allow');
    expect(decide(toCall(READER), tool('x')).result).toBe('deny');
    expect(decide(toCall(ADMIN), tool('x')).result).toBe('allow');
  });
});

describe('A4: missing scopes', () => {
  const scopesFor = (rules: Parameters<typeof route>[0], principal: Principal, name = 'post_x'): ToolDecision =>
    decider(rules)(toCall(principal), tool(name));

  test('are those of the rule that gives least', () => {
    const allow = [
      { scope: 'mcp:admin' },
      { scope: 'mcp:write', tools: ['post_*'] },
      { scope: 'mcp:read', tools: ['get_*'] },
    ];
    expect(scopesFor({ allow }, READER)).toEqual({
      result: 'scope-missing',
      scopes: ['mcp:write'],
      rule: 'tools.allow[1]',
    });
    expect(scopesFor({ allow }, person([]), 'get_x')).toMatchObject({ scopes: ['mcp:read'] });
    expect(scopesFor({ allow }, person([]), 'other')).toMatchObject({ scopes: ['mcp:admin'] });
  });

  test('are told only where they help', () => {
    expect(scopesFor({ deny: ['post_*'], allow: [{ scope: 'mcp:write' }] }, READER).result).toBe('deny');
    expect(scopesFor({ allow: [{ scope: 'mcp:write', when: "'r' in principal.roles" }] }, READER).result).toBe('deny');
    expect(
      scopesFor({ authorization: { require: ["'r' in principal.roles"] }, allow: [{ scope: 'mcp:write' }] }, READER)
        .result,
    ).toBe('deny');
    expect(scopesFor({ allow: [{ tools: ['other'] }] }, READER).result).toBe('deny');
  });

  test('help also where authorization asks for one of them', () => {
    const authorization = { allow: ["principal.scopes.exists(s, s.startsWith('mcp:'))"], default: 'deny' as const };
    expect(scopesFor({ authorization, allow: [{ scope: 'mcp:write' }] }, person([]))).toMatchObject({
      scopes: ['mcp:write'],
    });
  });

  const withApi = (scopes: readonly string[]): CompiledMcp['servers'] => ({
    petstore: {
      ...server('petstore', false),
      type: 'openapi',
      baseUrl: 'https://a.example',
      tools: [
        {
          definition: { name: 'add' },
          method: 'POST',
          path: '/',
          parameters: [],
          wrapped: false,
          upstreamScopes: [],
          scopes,
        },
      ],
    },
  });
  const add = tool('add', 'petstore');

  test('O10: of an operation are needed on top of what allows it', () => {
    const decide = decider({ allow: [{ tools: ['*'] }] }, withApi(['pets:write']));
    expect(decide(toCall(READER), add)).toMatchObject({ result: 'scope-missing', scopes: ['pets:write'] });
    expect(decide(toCall(person(['pets:write'])), add).result).toBe('allow');
    expect(decide(toList(READER), add).result).not.toBe('allow');
  });

  test('are told all at once, without those that others include', () => {
    const both = decider({ allow: [{ scope: 'mcp:write' }] }, withApi(['pets:write']));
    expect(both(toCall(READER), add)).toMatchObject({ scopes: ['pets:write', 'mcp:write'] });
    expect(both(toCall(person(['mcp:write'])), add)).toMatchObject({ scopes: ['pets:write'] });
    const one = decider({ allow: [{ scope: 'mcp:read' }] }, withApi(['mcp:write']));
    expect(one(toCall(person([])), add)).toMatchObject({ scopes: ['mcp:write'] });
  });
});

describe('G43: annotations', () => {
  const SAFE = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

  test.each([
    ['nothing', undefined],
    ['everything good', SAFE],
    ['nonsense', { readOnlyHint: 'yes' }],
  ])('of an untrusted server are taken for the worst when it says %s', (_what, annotations) => {
    const { definition } = tool('x', 'slack', annotations);
    expect(annotationsOf(definition, false)).toEqual({
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
    });
  });

  test('of a trusted server count, with the defaults of the specification', () => {
    const of = (annotations?: Raw): Raw => annotationsOf(tool('x', 'github', annotations).definition, true);
    expect(of(SAFE)).toEqual(SAFE);
    expect(of()).toEqual(annotationsOf({}, false));
    expect(of({ title: 'T', destructiveHint: false })).toEqual({
      title: 'T',
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: true,
    });
    expect(of({ readOnlyHint: 1, destructiveHint: null })).toMatchObject({
      readOnlyHint: false,
      destructiveHint: true,
    });
    expect(of({ readOnlyHint: true })).toMatchObject({ readOnlyHint: true, destructiveHint: false });
    expect(of({ readOnlyHint: true, destructiveHint: true })).toMatchObject({ destructiveHint: true });
  });

  test('open nothing unless the server is trusted', () => {
    const decide = decider({ allow: [{ when: 'tool.annotations.readOnlyHint' }] });
    const result = (target: string) => decide(toCall(READER), tool('x', target, SAFE)).result;
    expect(result('github')).toBe('allow');
    expect(result('slack')).toBe('deny');
    expect(result('constructor')).toBe('deny');
  });

  test('of two tools that share a definition are told apart by their servers', () => {
    const decide = decider({ allow: [{ when: 'tool.annotations.readOnlyHint' }] });
    const trusted = tool('x', 'github', SAFE);
    const other = { ...trusted, target: 'slack', exposedName: 'slack__x' };
    for (let round = 0; round < 2; round++) {
      expect(decide(toCall(READER), trusted).result).toBe('allow');
      expect(decide(toCall(READER), other).result).toBe('deny');
    }
  });
});

describe('G11: a list', () => {
  test('has a tool that some arguments allow', () => {
    const decide = decider({ allow: [{ when: "tool.arguments.channel == 'C1'" }] });
    expect(decide(toList(READER), tool('x')).result).toBe('allow');
    expect(decide(toCall(READER, { channel: 'C1' }), tool('x')).result).toBe('allow');
    expect(decide(toCall(READER, { channel: 'C2' }), tool('x')).result).toBe('deny');
    expect(decide(toCall(READER), tool('x')).result).toBe('deny');
  });

  test('has a tool that only some arguments deny', () => {
    const decide = decider({ authorization: { deny: ['tool.arguments.force == true'] } });
    expect(decide(toList(READER), tool('x')).result).toBe('allow');
  });

  test('does not have a tool that no arguments would open', () => {
    const decide = decider({ allow: [{ when: "'admin' in principal.roles && tool.arguments.n == 1" }] });
    expect(decide(toList(person([], ['admin'])), tool('x')).result).toBe('allow');
    expect(decide(toList(READER), tool('x')).result).toBe('deny');
    const denied = decider({ authorization: { deny: ["tool.name == 'x' || tool.arguments.force == true"] } });
    expect(denied(toList(READER), tool('x')).result).toBe('deny');
    expect(denied(toList(READER), tool('y')).result).toBe('allow');
  });

  test('has every tool that may be called', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(rules(fc.oneof(condition, aboutArguments)), who, which, args, (policy, principal, one, given) => {
        const decide = decider(policy);
        const [listed, called] = [decide(toList(principal), one).result, decide(toCall(principal, given), one).result];
        seen.set(`${listed} ${called}`, (seen.get(`${listed} ${called}`) ?? 0) + 1);
        if (called === 'allow') expect(listed).toBe('allow');
      }),
      { numRuns: 1_500 },
    );
    expect(seen.get('allow allow')).toBeGreaterThan(50);
    expect(seen.get('allow deny')).toBeGreaterThan(5);
    expect(seen.get('deny deny')).toBeGreaterThan(50);
  });

  test('has no other tool, where no rule reads arguments', () => {
    fc.assert(
      fc.property(rules(condition), who, which, args, (policy, principal, one, given) => {
        const decide = decider(policy);
        expect(decide(toList(principal), one)).toEqual(decide(toCall(principal, given), one));
      }),
      { numRuns: 1_000 },
    );
  });

  test('A4: and with the scopes that are said to be missing, the call is allowed', () => {
    let times = 0;
    fc.assert(
      fc.property(rules(fc.oneof(condition, aboutArguments)), who, which, args, (policy, principal, one, given) => {
        const decide = decider(policy);
        const decision = decide(toCall(principal, given), one);
        if (decision.result !== 'scope-missing') return;
        times += 1;
        expect(decision.scopes.filter((scope) => principal.scopes.includes(scope))).toEqual([]);
        const more = person([...principal.scopes, ...decision.scopes], principal.roles);
        expect(decide(toCall(more, given), one).result).toBe('allow');
      }),
      { numRuns: 1_500 },
    );
    expect(times).toBeGreaterThan(20);
  });
});

describe('what does not depend on the tool is found out once', () => {
  /** A person whose claim counts how often it is read. */
  const counted = () => {
    let times = 0;
    const claims = {
      get team() {
        times += 1;
        return 'red';
      },
    };
    return { principal: { ...READER, claims }, times: () => times };
  };
  const tools = ['slack', 'github', 'petstore'].flatMap((target) =>
    Array.from({ length: 20 }, (_, index) => tool(`list_${index}`, target)),
  );

  test.each([
    ['nothing of it', "claims.team == 'red'", 1],
    ['its server', "claims.team == 'red' && tool.target != 'slack'", 3],
    ['its server by another name', "claims.team == 'red' && mcp.tool.target != 'slack'", 3],
    ['its name', "claims.team == 'red' && tool.name != 'x'", 60],
    ['its annotations', "claims.team == 'red' && !has(tool.annotations.x)", 60],
    ['all of it', "claims.team == 'red' && [tool].size() == 1", 60],
  ])('where a condition reads %s', (_, when, times) => {
    for (const policy of [{ allow: [{ when }] }, { authorization: { allow: [when] } }]) {
      const { principal, times: read } = counted();
      const decide = createToolDecision(route(policy), SERVERS)(toList(principal));
      decide.all(tools);
      expect(read()).toBe(times);
    }
  });

  test('and it is what each tool alone would be answered', () => {
    const oneOfTwo = fc.oneof(condition, aboutArguments);
    fc.assert(
      fc.property(rules(oneOfTwo), who, fc.array(which, { minLength: 2, maxLength: 6 }), (policy, principal, some) => {
        for (const call of [toList(principal), toCall(principal, { n: 1 })]) {
          const together = createToolDecision(route(policy), SERVERS)(call).all(some);
          expect(together).toEqual(some.map((one) => decider(policy)(call, one)));
        }
      }),
      { numRuns: 500 },
    );
  });
});
