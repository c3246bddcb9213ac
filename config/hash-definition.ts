import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/**
 * What a definition is known by: SHA-256 of its canonical JSON, in hex. Every member counts, nested descriptions and members
 * that nobody here knows among them; their order does not.
 */
export const hashDefinition = (definition: Readonly<Record<string, unknown>>): string =>
  createHash('sha256').update(canonicalJson(definition)).digest('hex');
