import { isObject } from './json.ts';
import { problem } from './problem.ts';
import type { OpenApiDocument } from './read-document.ts';

export interface Found {
  /** Where it really stands: `#/components/schemas/Pet`. */
  readonly pointer: string;
  readonly value: unknown;
}

const MAX_CHAIN = 32;

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return segment;
  }
};

export const encodeSegment = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');

export const segmentsOf = (pointer: string): readonly string[] => pointer.split('/').slice(1).map(decode);

/**
 * Follows `$ref` inside the document to what it means (RFC 6901), through references to references. Never opens another
 * file or address: what is compiled is what was reviewed (O5).
 *
 * Errors: `OpenApiError` for a reference that leaves the document, points nowhere or goes round.
 */
export const follow = ({ root }: OpenApiDocument, value: unknown, at: string): Found => {
  let found: Found = { pointer: at, value };
  for (let steps = 0; isObject(found.value) && typeof found.value.$ref === 'string'; steps++) {
    if (steps > MAX_CHAIN) throw problem(at, 'the reference leads back to itself');
    found = lookUp(root, found.value.$ref, at);
  }
  return found;
};

/** What each document's references mean: large ones repeat a few hundred many thousand times. */
const known = new WeakMap<object, Map<string, Found>>();

const lookUp = (root: object, ref: string, at: string): Found => {
  const before = known.get(root) ?? new Map<string, Found>();
  known.set(root, before);
  const found = before.get(ref) ?? resolve(root, ref, at);
  before.set(ref, found);
  return found;
};

const resolve = (root: object, ref: string, at: string): Found => {
  if (!ref.startsWith('#'))
    throw problem(at, `$ref ${shown(ref)} leaves the document: only references that begin with # are followed`);
  if (ref !== '#' && !ref.startsWith('#/')) throw problem(at, `$ref ${shown(ref)} is no JSON pointer`);
  let value: unknown = root;
  for (const segment of segmentsOf(ref)) {
    const within = typeof value === 'object' && value !== null && Object.hasOwn(value, segment);
    if (!within) throw problem(at, `$ref ${shown(ref)} points nowhere`);
    value = (value as Record<string, unknown>)[segment];
  }
  return { pointer: ref, value };
};

const shown = (ref: string): string => JSON.stringify(ref.length > 200 ? `${ref.slice(0, 200)}…` : ref);
