import type { JsonText } from '../core/json-text.ts';
import type { CatalogTool, Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import type { CatalogResource } from '../targets/catalogue.ts';
import type { Degraded } from '../targets/collect-lists.ts';
import { exposeNamed, exposeResource, exposeTemplate } from '../targets/expose.ts';
import { createCountRequest } from './count-request.ts';
import type { McpRequest, Method } from './mcp-request.ts';
import { degradedMeta, degradedWords, type RouteParts } from './route-parts.ts';
import { mcpVariables } from './stages.ts';
import { SEARCH_TOOLS } from './tool-search.ts';
import { visibleTools } from './visible-tools.ts';
import { createWriteTools } from './write-tools.ts';

/** The lists of a route. They differ by caller, so nobody in between may keep them (G12). */
export const createLists = (parts: RouteParts): Readonly<Record<string, Method>> => {
  const { route, servers, catalogue, decide } = parts;

  const paged = async <Item>(
    request: McpRequest,
    member: string,
    all: { readonly items: readonly Item[]; readonly degraded: readonly Degraded[]; readonly ttlMs: number },
    idOf: (item: Item) => string,
    write: (items: readonly Item[]) => readonly Raw[] | JsonText,
  ): Promise<Raw> => {
    const { cursors } = await parts.secrets();
    const scope = { route: route.path, method: request.method, principal: request.call.principal.id };
    const { items, nextCursor } = pageOrRefuse(() =>
      cursors.page(all.items, idOf, scope, request.params.cursor ?? undefined),
    );
    return {
      [member]: write(items),
      ...(nextCursor === undefined ? {} : { nextCursor }),
      ttlMs: all.ttlMs,
      ...degradedMeta(all.degraded),
    };
  };

  const mayRead = (
    { call }: McpRequest,
    about: { target: string; method: string; prompt?: string; resource?: string },
  ) => decide(mcpVariables(servers, call, about)).result === 'allow';

  const writeTools = createWriteTools(catalogue);

  const note = ({ exchange }: McpRequest, items: readonly unknown[], degraded: readonly Degraded[]): void =>
    exchange.noteMcp({ listed: items.length, degraded: degradedWords(degraded) });

  const resources = (
    member: 'resources' | 'resourceTemplates',
    load: (request: McpRequest) => Promise<{
      readonly items: readonly CatalogResource[];
      readonly degraded: readonly Degraded[];
      readonly ttlMs: number;
    }>,
  ): Method => {
    const expose = member === 'resources' ? exposeResource : exposeTemplate;
    return async (request) => {
      const { items, degraded, ttlMs } = await load(request);
      const mine = items.filter(({ target, uri }) =>
        mayRead(request, { method: 'resources/read', target, resource: uri }),
      );
      note(request, mine, degraded);
      return paged(
        request,
        member,
        { items: mine, degraded, ttlMs },
        ({ exposedUri }) => exposedUri,
        (page) => page.map((one) => expose(one, catalogue.urisOf(one.target))),
      );
    };
  };

  const countRequest = createCountRequest(parts);
  const counted =
    (method: Method): Method =>
    async (request) => {
      await countRequest(request);
      return method(request);
    };

  const lists: Readonly<Record<string, Method>> = {
    'tools/list': async (request) => {
      if (route.search) return { tools: SEARCH_TOOLS, ttlMs: SEARCH_TTL_MS };
      const { tools, ...rest } = await visibleTools(parts, request);
      const { era } = request.envelope;
      return paged(request, 'tools', { items: tools, ...rest }, nameOf, (page) => writeTools(page, era));
    },
    'prompts/list': async (request) => {
      const { prompts, ...rest } = await catalogue.prompts(request.context);
      const mine = prompts.filter(({ target, name }) =>
        mayRead(request, { method: 'prompts/get', target, prompt: name }),
      );
      note(request, mine, rest.degraded);
      return paged(request, 'prompts', { items: mine, ...rest }, nameOf, (page) =>
        page.map((prompt) => exposeNamed(prompt, catalogue.urisOf(prompt.target))),
      );
    },
    'resources/list': resources('resources', async ({ context }) => {
      const { resources: items, ...rest } = await catalogue.resources(context);
      return { items, ...rest };
    }),
    'resources/templates/list': resources('resourceTemplates', async ({ context }) => {
      const { templates: items, ...rest } = await catalogue.templates(context);
      return { items, ...rest };
    }),
  };
  return Object.fromEntries(Object.entries(lists).map(([name, method]) => [name, counted(method)]));
};

const SEARCH_TTL_MS = 300_000;

const nameOf = ({ exposedName }: CatalogTool): string => exposedName;

/** A cursor is a param like another: what is wrong with it is -32602. */
const pageOrRefuse = <Page>(page: () => Page): Page => {
  try {
    return page();
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.code === 'invalid_request')
      throw new Refusal('invalid_params', thrown.detail, { param: 'cursor', expected: 'one that a list gave' });
    throw thrown;
  }
};
