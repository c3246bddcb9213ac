import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { CatalogTool, Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { createCollect, type Degraded, type Part } from './collect-lists.ts';
import type { KeptLists } from './kept-lists.ts';
import { createMergeOnce, findName } from './merge-names.ts';
import { type NamedItems, nameItems } from './named-items.ts';
import { AmbiguousName, mayBeCut, targetIn } from './names.ts';
import { createResourceUris, type ResourceUris } from './resource-uris.ts';
import type { Listed, ListMethod, McpTarget, TargetContext } from './target.ts';
import { matchesTemplate } from './uri-templates.ts';

/** A prompt has what a tool has. */
export type CatalogPrompt = CatalogTool;

export interface CatalogResource {
  readonly target: string;
  /** The server's own: a URI, or a template of one. */
  readonly uri: string;
  readonly exposedUri: string;
  readonly definition: Raw;
}

export interface CatalogPart {
  readonly degraded: readonly Degraded[];
  /** How long clients may keep it (G12). */
  readonly ttlMs: number;
}

/**
 * Everything that the servers of a route offer, under the names that its clients use. Unfiltered: who may see what is decided
 * by who asks.
 *
 * Shape:  in the order of the policy's servers, then by name; the same arrays for as long as nothing has changed.
 * Errors: the first `Refusal` when a server with `onFailure: fail` has no list, or none of them has one.
 */
export interface Catalogue {
  tools(context: TargetContext): Promise<CatalogPart & { readonly tools: readonly CatalogTool[] }>;
  prompts(context: TargetContext): Promise<CatalogPart & { readonly prompts: readonly CatalogPrompt[] }>;
  resources(context: TargetContext): Promise<CatalogPart & { readonly resources: readonly CatalogResource[] }>;
  templates(context: TargetContext): Promise<CatalogPart & { readonly templates: readonly CatalogResource[] }>;
  /**
   * The one tool of this name: exactly, case and all (G4). Asks its server again, now and then, before it says that there is none.
   *
   * Errors: `AmbiguousName` where servers share a name without prefix; the server's `Refusal` when nothing is known of it.
   */
  find(exposedName: string, context: TargetContext): Promise<CatalogTool | undefined>;
  findPrompt(exposedName: string, context: TargetContext): Promise<CatalogPrompt | undefined>;
  /** Whose resource a client's URI is, and what its server calls it. Also for a template, as `completion/complete` has it. */
  findResource(exposedUri: string, context: TargetContext): Promise<CatalogResourceRef | undefined>;
  /** How a server's URIs are written for clients of this route. */
  urisOf(target: string): ResourceUris;
  /**
   * What servers said about their use, with their tools, as far as it is known: nobody is asked now (G17), but with their next
   * list.
   */
  instructions(context: TargetContext): Promise<readonly ServerInstructions[]>;
  /** A server said that it does not know what it listed: its list is read again before it is used. */
  changed(tool: CatalogTool, context: TargetContext): Promise<void>;
}

export interface ServerInstructions {
  readonly target: string;
  /** Outside text, as the server wrote it. */
  readonly text: string;
  /** The same array for as long as the text is the same. */
  readonly tools: readonly CatalogTool[];
}

export interface CatalogResourceRef {
  readonly target: string;
  readonly uri: string;
}

type NamedMethod = 'tools/list' | 'prompts/list';

interface Named {
  readonly target: McpTarget;
  readonly list: Listed;
}

export const createCatalogue = (
  route: CompiledMcpRoute,
  targets: ReadonlyMap<string, McpTarget>,
  { lists, servers }: { readonly lists: KeptLists; readonly servers: CompiledMcp['servers'] },
): Catalogue => {
  const mine = route.servers.flatMap((name) => targets.get(name) ?? []);
  const uris = new Map(mine.map(({ name }) => [name, createResourceUris(name, route.prefix)]));
  const namedBy = new WeakMap<readonly Raw[], NamedItems>();

  const named = ({ target, list }: Named, method: NamedMethod): NamedItems => {
    const known = namedBy.get(list.items);
    if (known?.target === target.name) return known;
    const made = nameItems(target.name, list.items, route.prefix, method === 'tools/list' ? 'tools' : 'prompts');
    namedBy.set(list.items, made);
    return made;
  };

  const collect = createCollect(mine, lists, servers);

  const mergers: Readonly<Record<NamedMethod, ReturnType<typeof createMergeOnce>>> = {
    'tools/list': createMergeOnce(),
    'prompts/list': createMergeOnce(),
  };

  const listNamed = async (method: NamedMethod, context: TargetContext) => {
    const { parts, degraded, ttlMs } = await collect(method, context, 'list');
    const { items, findings } = mergers[method](parts.map((part) => named(part, method)));
    return { items, degraded: [...degraded, ...findings], ttlMs };
  };

  /** With a prefix only one server can have it: that another is slow or dead must not matter to the call. */
  const ownerOf = (exposed: string): McpTarget | undefined =>
    route.prefix === 'always' ? mine.find(({ name }) => name === targetIn(exposed)) : undefined;

  const findNamed = async (method: NamedMethod, exposed: string, context: TargetContext) => {
    const owner = ownerOf(exposed);
    if (owner === undefined && route.prefix === 'always' && !mayBeCut(exposed)) return undefined;
    const lookUp = async () => {
      const parts =
        owner === undefined
          ? (await collect(method, context, 'call')).parts
          : [{ target: owner, list: await lists.list(owner, method, context, 'call') }];
      return findName(
        parts.map((part) => named(part, method)),
        exposed,
      );
    };
    const found = await lookUp();
    if (found !== undefined) return found;
    const asked = await Promise.all(
      (owner === undefined ? mine : [owner]).map((one) => askAgain(one, method, context)),
    );
    return asked.some(Boolean) ? lookUp() : undefined;
  };

  const askAgain = async (target: McpTarget, method: ListMethod, context: TargetContext): Promise<boolean> => {
    try {
      return (await lists.again(target, method, context)) !== undefined;
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (thrown instanceof Refusal) return false;
      throw thrown;
    }
  };

  const listUris = async (method: 'resources/list' | 'resources/templates/list', context: TargetContext) => {
    const { parts, degraded, ttlMs } = await collect(method, context, 'list');
    return { items: parts.flatMap((part) => resourcesOf(part, method)), degraded, ttlMs };
  };

  const resourcesOf = ({ target, list }: Part, method: 'resources/list' | 'resources/templates/list') => {
    const member = method === 'resources/list' ? 'uri' : 'uriTemplate';
    return list.items
      .flatMap((definition): readonly CatalogResource[] => {
        const uri = definition[member];
        if (typeof uri !== 'string' || typeof definition.name !== 'string') return [];
        return [{ target: target.name, uri, exposedUri: urisOf(target.name).toClient(uri), definition }];
      })
      .sort((one, other) => (one.uri < other.uri ? -1 : Number(one.uri > other.uri)));
  };

  const urisOf = (target: string): ResourceUris => uris.get(target) ?? createResourceUris(target, route.prefix);

  /** Without a prefix only the lists tell: first who lists it, then whose template it is of. */
  const findUnprefixed = async (uri: string, context: TargetContext): Promise<CatalogResourceRef | undefined> => {
    const [only] = mine;
    if (mine.length === 1 && only !== undefined) return { target: only.name, uri };
    for (const method of ['resources/list', 'resources/templates/list'] as const) {
      const { parts } = await collect(method, context, 'call');
      const owners = parts.filter((part) =>
        resourcesOf(part, method).some(
          (one) => one.uri === uri || (method !== 'resources/list' && matchesTemplate(one.uri, uri)),
        ),
      );
      const candidates = owners.map(({ target }) => ({ target: target.name, uri }));
      if (candidates.length > 1) throw new AmbiguousName(candidates);
      if (candidates[0] !== undefined) return candidates[0];
    }
    return undefined;
  };

  return {
    urisOf,
    async tools(context) {
      const { items, ...rest } = await listNamed('tools/list', context);
      return { tools: items, ...rest };
    },
    async prompts(context) {
      const { items, ...rest } = await listNamed('prompts/list', context);
      return { prompts: items, ...rest };
    },
    async resources(context) {
      const { items, ...rest } = await listUris('resources/list', context);
      return { resources: items, ...rest };
    },
    async templates(context) {
      const { items, ...rest } = await listUris('resources/templates/list', context);
      return { templates: items, ...rest };
    },
    find: (exposed, context) => findNamed('tools/list', exposed, context),
    findPrompt: (exposed, context) => findNamed('prompts/list', exposed, context),
    async findResource(exposedUri, context) {
      if (route.prefix === 'never') return findUnprefixed(exposedUri, context);
      for (const { name } of mine) {
        const uri = urisOf(name).toUpstream(exposedUri);
        if (uri !== undefined) return { target: name, uri };
      }
      return undefined;
    },
    async instructions(context) {
      for (const target of mine) target.wantWords?.();
      const known = await Promise.all(mine.map((target) => lists.known(target, 'tools/list', context)));
      return mine.flatMap((target, index) => {
        const list = known[index];
        if (list?.instructions === undefined) return [];
        const { items } = named({ target, list }, 'tools/list');
        return [{ target: target.name, text: list.instructions, tools: items }];
      });
    },
    async changed({ target }, context) {
      const changed = targets.get(target);
      if (changed !== undefined) await askAgain(changed, 'tools/list', context);
    },
  };
};
