import type { CompiledHttpServer } from '../../config/compiled-mcp.ts';
import type { Raw } from '../core/mcp.ts';
import { ANONYMOUS } from '../core/principal.ts';
import { Refusal } from '../core/refusal.ts';
import type { OutboundAuth } from '../outbound-auth/outbound-auth.ts';
import type { CatalogStore } from './catalog-store.ts';
import { createEra, type Era } from './era.ts';
import { type Hop, type HopRequest, WrongEra } from './hop.ts';
import { createLegacyHop } from './legacy-hop.ts';
import { createLink, type LinkPorts } from './link.ts';
import { createModernHop } from './modern-hop.ts';
import { instructionsIn } from './server-instructions.ts';
import { createSlots } from './slots.ts';
import { type Listed, type ListMethod, type McpTarget, type TargetContext, TargetError } from './target.ts';
import { walkPages } from './walk-pages.ts';
import { within } from './within.ts';

export interface HttpTargetPorts extends LinkPorts {
  readonly auth: (server: CompiledHttpServer) => OutboundAuth;
  readonly catalogStore: CatalogStore;
}

const METHOD_NOT_FOUND = -32601;

/** For how much longer a list waits for what its server says about itself, once it is there. */
const DISCOVER_MS = 250;

/** For how long that may keep a place in line (G34): there may be one place only, and the next page of the list waits for it. */
const DISCOVER_PLACE_MS = 1_000;

/** Reading does nothing that reading twice would not do; a tool may do anything. */
const REPEATABLE: ReadonlySet<string> = new Set(['prompts/get', 'resources/read', 'completion/complete']);

/** A server may go on by what the first token of a session allowed: an agent, or a token of less, must not come into a person's. */
const whoseSession = ({ call: { principal } }: TargetContext): string => {
  const { id, clientId, actor, scopes } = principal;
  if (id === ANONYMOUS.id) return id;
  return JSON.stringify([id, clientId, actor?.sub, actor?.issuer, [...scopes].sort()]);
};

/** An MCP server over Streamable HTTP, of either era. */
export const createHttpTarget = (server: CompiledHttpServer, ports: HttpTargetPorts): McpTarget => {
  const slots = createSlots(server.concurrency);
  const listing = { ...server, credential: server.listCredential ?? server.credential };
  const callLink = createLink(server, ports.auth(server), slots, ports);
  const listLink = createLink(listing, ports.auth(listing), slots, ports);
  const callHops = {
    modern: createModernHop(callLink),
    legacy: createLegacyHop(callLink, ports.clock, whoseSession),
  };
  const listHops = {
    modern: createModernHop(listLink),
    // Lists that are everybody's are asked for in a session that is nobody's.
    legacy: createLegacyHop(listLink, ports.clock, listLink.perUser ? whoseSession : () => 'lists'),
  };
  const eras = createEra(server, ports.catalogStore, ports.clock);

  const ask = async (hops: Readonly<Record<Era, Hop>>, request: HopRequest, context: TargetContext) => {
    const { era, isNew } = await eras.of(hops.modern, context);
    try {
      return await hops[era](request, context);
    } catch (thrown) {
      if (!(thrown instanceof WrongEra)) throw thrown;
      const other = isNew ? era : await eras.findOut(hops.modern, context);
      if (other === era) throw notMcp(server.name);
      return hops[other](request, context).catch((again) => {
        throw again instanceof WrongEra ? notMcp(server.name) : again;
      });
    }
  };

  /** Whatever is sent takes a place, and what is known already waits for none. */
  const modernInPlace: Hop = (request, context) => slots(context.signal, () => listHops.modern(request, context));

  /** What a modern server says about its use. A list is not worth less without it. */
  const discover = async (context: TargetContext): Promise<{ readonly instructions?: string }> => {
    const request = { method: 'server/discover', params: {}, repeatable: true };
    try {
      const { result } = await slots(context.signal, () =>
        within(DISCOVER_PLACE_MS, context.signal, (signal) => listHops.modern(request, { ...context, signal })),
      );
      return instructionsIn(result.instructions);
    } catch (thrown) {
      if (context.signal.aborted || isOfServer(thrown)) return {};
      throw thrown;
    }
  };

  let areWordsWanted = false;

  /** A list and, beside it, what is said with it: an older server says it when a session begins. */
  const listWithWords = async (method: ListMethod, context: TargetContext): Promise<Listed> => {
    let said: { readonly instructions?: string } = {};
    const askPage = (params: Raw) =>
      slots(context.signal, async () => {
        const page = await ask(listHops, { method, params, repeatable: true }, context);
        said = instructionsIn(page.instructions);
        return page;
      });
    if (method !== 'tools/list' || !areWordsWanted || (await eras.of(modernInPlace, context)).era !== 'modern')
      return { ...(await walkPages(method, askPage)), ...said };
    const late = new AbortController();
    const signal = AbortSignal.any([context.signal, late.signal]);
    const pages = walkPages(method, askPage).finally(() => setTimeout(() => late.abort(), DISCOVER_MS).unref());
    const [listed, discovered] = await Promise.all([pages, discover({ ...context, signal })]);
    return { ...listed, ...discovered, ...said };
  };

  return {
    name: server.name,
    perUser: listLink.perUser,
    wantWords: () => {
      areWordsWanted = true;
    },
    list: (method, context) =>
      within(server.timeouts.totalMs, context.signal, async (signal) => {
        const { progress: _, definition: __, ...rest } = context;
        // A list is for more than this caller: what this caller's client can do must not show in it.
        const own = { ...rest, capabilities: {}, signal };
        try {
          return await listWithWords(method, own);
        } catch (thrown) {
          if (thrown instanceof TargetError && thrown.code === METHOD_NOT_FOUND) return { items: [] };
          throw thrown;
        }
      }),
    request: (method, params, context) =>
      within(server.timeouts.totalMs, context.signal, (signal) =>
        slots(signal, async () => {
          const isBare = method === 'tools/call' && params.arguments === undefined;
          const sent = isBare ? { ...params, arguments: {} } : params; // G18
          const request = { method, params: sent, repeatable: REPEATABLE.has(method) };
          return (await ask(callHops, request, { ...context, signal })).result;
        }),
      ),
  };
};

const isOfServer = (thrown: unknown): boolean =>
  thrown instanceof Refusal || thrown instanceof TargetError || thrown instanceof WrongEra;

const notMcp = (target: string): Refusal => new Refusal('upstream_failed', { target, reason: 'not MCP' });
