import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Raw } from '../core/mcp.ts';
import { isRaw } from './raw.ts';

/** A server's URIs as clients see them, and back (G7). Total and reversible: `toUpstream(toClient(uri))` is `uri`. */
export interface ResourceUris {
  /** `docs+file:///a` for `file:///a` of `docs`; `ui://docs/a` for `ui://a`, since clients know that scheme by name. */
  toClient(uri: string): string;
  /** `undefined` for a URI that is not this server's. */
  toUpstream(uri: string): string | undefined;
}

const UI = 'ui://';

export const createResourceUris = (target: string, prefix: CompiledMcpRoute['prefix']): ResourceUris => {
  if (prefix === 'never') return { toClient: (uri) => uri, toUpstream: (uri) => uri };
  // A scheme begins with a letter (RFC 3986 §3.1); no name of a server has a dot, so nobody else's begins like this.
  const label = /^[a-z]/.test(target) ? target : `x.${target}`;
  const [head, uiHead] = [`${label}+`, `${UI}${label}/`];
  return {
    toClient: (uri) => (uri.startsWith(UI) ? `${uiHead}${uri.slice(UI.length)}` : `${head}${uri}`),
    toUpstream: (uri) => {
      if (uri.startsWith(uiHead)) return `${UI}${uri.slice(uiHead.length)}`;
      if (!uri.startsWith(head)) return undefined;
      const own = uri.slice(head.length);
      return own.startsWith(UI) ? undefined : own; // It has a spelling already: two would be two ways around one rule.
    },
  };
};

/** A page on the web is for the client to open itself; only what a server lists or returns as its own is read through us. */
const isWeb = (uri: string): boolean => /^https?:\/\//i.test(uri);

const rewritten = (holder: Raw, member: string, { toClient }: ResourceUris): Raw => {
  const uri = holder[member];
  return typeof uri === 'string' ? { ...holder, [member]: toClient(uri) } : holder;
};

export const withUri = (resource: Raw, uris: ResourceUris): Raw => rewritten(resource, 'uri', uris);

export const withUriTemplate = (template: Raw, uris: ResourceUris): Raw => rewritten(template, 'uriTemplate', uris);

/** A block of content: links and embedded resources are of the server that wrote them. */
const contentBlock = (block: unknown, uris: ResourceUris): unknown => {
  if (!isRaw(block)) return block;
  if (block.type === 'resource_link')
    return typeof block.uri === 'string' && isWeb(block.uri) ? block : withUri(block, uris);
  if (block.type === 'resource' && isRaw(block.resource)) return { ...block, resource: withUri(block.resource, uris) };
  return block;
};

const contentOf = (content: unknown, uris: ResourceUris): unknown =>
  Array.isArray(content) ? content.map((block) => contentBlock(block, uris)) : contentBlock(content, uris);

/** `_meta.ui.resourceUri` of MCP Apps, and its older spelling. */
export const withUiUri = (holder: Raw, uris: ResourceUris): Raw => {
  const { _meta: meta } = holder;
  if (!isRaw(meta)) return holder;
  const older = rewritten(meta, 'ui/resourceUri', uris);
  const both = isRaw(older.ui) ? rewrittenUi(older, older.ui, uris) : older;
  return both === meta ? holder : { ...holder, _meta: both };
};

const rewrittenUi = (meta: Raw, ui: Raw, uris: ResourceUris): Raw => {
  const changed = rewritten(ui, 'resourceUri', uris);
  return changed === ui ? meta : { ...meta, ui: changed };
};

/** A result with every URI of the server's in it as clients see it. What does not hold URIs stays the very object it was. */
export const resultForClient = (method: string, result: Raw, uris: ResourceUris): Raw => {
  const own = withUiUri(result, uris);
  if (method === 'tools/call' && own.content !== undefined) return { ...own, content: contentOf(own.content, uris) };
  if (method === 'resources/read' && Array.isArray(own.contents))
    return { ...own, contents: own.contents.map((one: unknown) => (isRaw(one) ? withUri(one, uris) : one)) };
  if (method === 'prompts/get' && Array.isArray(own.messages))
    return {
      ...own,
      messages: own.messages.map((message: unknown) =>
        isRaw(message) && message.content !== undefined
          ? { ...message, content: contentOf(message.content, uris) }
          : message,
      ),
    };
  return own;
};
