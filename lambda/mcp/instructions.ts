import type { CatalogTool } from '../core/mcp.ts';
import { unhide } from '../policy/hidden-text.ts';
import { scanDefinition } from '../policy/scan-tools.ts';
import type { McpRequest } from './mcp-request.ts';
import type { RouteParts } from './route-parts.ts';
import { scanWords } from './visible-tools.ts';

/** The member of a handshake's answer, or nothing. */
export type Instructions = (request: McpRequest) => Promise<{ readonly instructions?: string }>;

/** UTF-8 bytes, of one server and of all together. */
const SERVER_BYTES = 2_048;
const ALL_BYTES = 8_192;

/** Everything that some reader takes for the end of a line. */
const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

/**
 * What the servers of a route say about their use, for the model, in the order of the policy (G15). It is outside text that
 * nobody approved: quoted line by line, so that none can speak under another's name; without what nobody sees; left out where
 * the scanner would look twice, where pins are enforced, and for who may not see a tool of that server. Nobody is asked for
 * it (G17): what is not known yet is left out.
 */
export const createInstructions = (parts: RouteParts): Instructions => {
  const { route, catalogue, listedTools } = parts;
  return async ({ call, context, exchange }) => {
    if (route.pinning.mode === 'enforce') return {};
    const findings: string[] = [];
    const merged: string[] = [];
    let left = ALL_BYTES;
    for (const { target, text, tools } of await catalogue.instructions(context)) {
      if (!listedTools.any(call, tools)) continue;
      const { found, part } = judged(target, text, tools);
      findings.push(...found);
      const bytes = Buffer.byteLength(part) + SEPARATOR.length;
      if (found.length > 0 || bytes > left) continue;
      left -= bytes;
      merged.push(part);
    }
    if (findings.length > 0) exchange.noteMcp({ scanFindings: findings });
    return merged.length === 0 ? {} : { instructions: merged.join(SEPARATOR) };
  };
};

const SEPARATOR = '\n\n';

interface Judged {
  /** In the words of the record. */
  readonly found: readonly string[];
  readonly part: string;
}

/** A handshake costs a client nothing: the same text is judged once. */
const known = new WeakMap<readonly CatalogTool[], Judged>();

const judged = (target: string, text: string, tools: readonly CatalogTool[]): Judged => {
  const before = known.get(tools);
  if (before !== undefined) return before;
  const found = scanWords(`instructions of ${target}`, scanDefinition({ instructions: text }));
  const made = { found, part: `## ${target}\n\n${quoted(unhide(text).text)}` };
  known.set(tools, made);
  return made;
};

const quoted = (text: string): string => {
  const lines = text
    .trim()
    .split(LINE_END)
    .map((line) => `> ${line}`.trimEnd());
  return cut(lines.join('\n'));
};

/** No longer than a server's share, and never half a character. */
const cut = (text: string): string => {
  const bytes = Buffer.from(text);
  if (bytes.length <= SERVER_BYTES) return text;
  const kept = new TextDecoder().decode(bytes.subarray(0, SERVER_BYTES - '…'.length * 3), { stream: true });
  return `${kept}…`;
};
