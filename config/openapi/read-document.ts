import { parseDocument } from 'yaml';
import { isObject, type Json } from './json.ts';
import { problem } from './problem.ts';
import { upgradeSwagger } from './swagger.ts';

/** Bounds of rule O12. A document is reviewed text, and may still be somebody else's. */
const MAX_BYTES = 5 * 1024 * 1024;
const MAX_DEPTH = 100;
const MAX_NODES = 1_000_000;

export interface OpenApiDocument {
  /** In the shape of OpenAPI 3, whatever it was written in. */
  readonly root: Json;
  /** 3.0 has a dialect of its own for schemas; 3.1 has JSON Schema 2020-12. */
  readonly dialect: '3.0' | '3.1';
}

/**
 * Reads OpenAPI 3.0 and 3.1 and Swagger 2.0, in JSON or YAML.
 *
 * Errors: `OpenApiError`.
 * Source: https://spec.openapis.org/oas/v3.1.1, v3.0.4 and v2.0.
 */
export const readDocument = (text: string): OpenApiDocument => {
  if (Buffer.byteLength(text) > MAX_BYTES) throw problem('', 'the document is larger than 5 MB');
  const root = parse(text);
  if (!isObject(root)) throw problem('', 'expected an OpenAPI document, found no object');
  checkBounds(root);
  const { openapi, swagger } = root;
  // YAML without quotes makes a number of it.
  if (String(swagger) === '2' || String(swagger) === '2.0') return { root: upgradeSwagger(root), dialect: '3.0' };
  if (typeof openapi === 'string' && /^3\.0(\.\d+)?$/.test(openapi)) return { root, dialect: '3.0' };
  if (typeof openapi === 'string' && /^3\.1(\.\d+)?$/.test(openapi)) return { root, dialect: '3.1' };
  throw problem('', 'expected openapi: 3.0.x or 3.1.x, or swagger: "2.0"');
};

const parse = (text: string): unknown => {
  const plain = text.replace(/^\uFEFF/, '');
  if (/^\s*[{[]/.test(plain)) {
    try {
      return JSON.parse(plain);
    } catch {
      // YAML's flow style begins like JSON, and its parser names the line.
    }
  }
  const document = parseDocument(plain, { prettyErrors: true, logLevel: 'error', stringKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw problem('', `not readable as JSON or YAML: ${error.message.split('\n')[0]}`);
  try {
    return document.toJS({ maxAliasCount: 1_000 });
  } catch {
    throw problem('', 'YAML aliases grow too large, or point nowhere: write them out');
  }
};

/** Also stops aliases that hold themselves: they are nested without end. */
const checkBounds = (root: Json): void => {
  let nodes = 0;
  const visit = (value: unknown, depth: number, at: string): void => {
    if (++nodes > MAX_NODES) throw problem('', 'the document has more than a million values');
    if (typeof value !== 'object' || value === null) return;
    if (depth > MAX_DEPTH) throw problem('', `nested more than ${MAX_DEPTH} levels deep, below ${at.slice(0, 200)}`);
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') throw problem(at, 'a member named __proto__ is not accepted');
      visit(item, depth + 1, depth < 6 ? `${at}/${key}` : at);
    }
  };
  visit(root, 0, '#');
};
