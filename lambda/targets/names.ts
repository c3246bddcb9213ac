import { createHash } from 'node:crypto';
import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';

type Prefix = CompiledMcpRoute['prefix'];

/** Between a server's name, which has no underscore, and its own name for a thing. Split at the first (G1). */
const SEPARATOR = '__';

/** What Claude, OpenAI and Gemini clients all take (G2). */
const SAFE = /^[A-Za-z0-9_-]{1,64}$/;

const MAX_CHARS = 64;

/**
 * What clients call a tool or prompt. A name that does not fit is changed and ends with a hash of the whole of it: which other
 * names there are never matters, so that a new tool can't take over the name of an old one (G2, G3).
 */
export const exposedName = (target: string, name: string, prefix: Prefix): string => {
  const full = prefix === 'always' ? `${target}${SEPARATOR}${name}` : name;
  if (SAFE.test(full)) return full;
  const hash = createHash('sha256')
    .update(JSON.stringify([target, name]))
    .digest('hex')
    .slice(0, 8);
  const clean = full.replace(/[^A-Za-z0-9_-]/gu, '_');
  return `${clean.slice(0, MAX_CHARS - 1 - hash.length)}_${hash}`;
};

/** The server that a prefixed name belongs to. Only a hint: a name that was cut may have lost it. */
export const targetIn = (exposed: string): string | undefined => {
  const at = exposed.indexOf(SEPARATOR);
  return at === -1 ? undefined : exposed.slice(0, at);
};

/** A name that was cut is as long as a name may be. */
export const mayBeCut = (exposed: string): boolean => exposed.length === MAX_CHARS;

/** Two servers have the name and nothing tells which is meant (G5). Reveals that they exist: for who may see one of them only. */
export class AmbiguousName<Entry> extends Error {
  override readonly name = 'AmbiguousName';

  constructor(readonly candidates: readonly Entry[]) {
    super('more than one server has this name');
  }
}
