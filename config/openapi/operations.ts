import { shortHash } from './hash.ts';
import { isObject, type Json, listOr, objectOr } from './json.ts';
import { isMethod, METHODS, type Method } from './methods.ts';
import { problem } from './problem.ts';
import type { OpenApiDocument } from './read-document.ts';
import { encodeSegment, follow } from './references.ts';

export interface Operation {
  readonly method: Method;
  /** As in the document, percent-encoded where it has to be. */
  readonly path: string;
  readonly operationId: string | undefined;
  /** Of its tool, unless an override says otherwise. */
  readonly name: string;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  readonly operation: Json;
  readonly at: string;
  readonly pathItem: Json;
  readonly pathItemAt: string;
}

/** How warnings name it. */
export const shownOperation = ({ method, path }: Operation): string => `${method.toUpperCase()} ${path}`;

/** Every operation, in the order of the document, with a name that depends on no other order and on no selection (O1). */
export const readOperations = (document: OpenApiDocument, maxName: number): readonly Operation[] => {
  const paths = document.root.paths;
  if (!isObject(paths)) throw problem('#/paths', 'the document has no paths');
  const found = Object.entries(paths).flatMap(([path, written]) => {
    if (path.startsWith('x-')) return [];
    const writtenAt = `#/paths/${encodeSegment(path)}`;
    const { value, pointer } = follow(document, written, writtenAt);
    const pathItem = objectOr(value);
    return METHODS.filter((method) => isObject(pathItem[method])).map((method) => {
      const operation = objectOr(pathItem[method]);
      return {
        method,
        path,
        operationId: typeof operation.operationId === 'string' ? operation.operationId : undefined,
        tags: listOr(operation.tags).map(String),
        deprecated: operation.deprecated === true,
        operation,
        at: `${pointer}/${method}`,
        pathItem,
        pathItemAt: pointer,
      };
    });
  });
  const names = found.map((one) => toName(one.operationId) ?? nameOfPath(one.method, one.path));
  const count = new Map<string, number>();
  for (const name of names) count.set(name.toLowerCase(), (count.get(name.toLowerCase()) ?? 0) + 1);
  return found.map((one, index) => {
    const name = names[index] ?? '';
    const isAlone = count.get(name.toLowerCase()) === 1;
    const told = isAlone ? name : `${name}_${shortHash(`${one.method} ${one.path}`).slice(0, 6)}`;
    return { ...one, name: shortened(told, maxName, `${one.method} ${one.path} ${name}`) };
  });
};

/** TRACE and whatever else a path item has that no tool can be made of. */
export const unusableMethods = (document: OpenApiDocument): readonly string[] =>
  Object.entries(objectOr(document.root.paths)).flatMap(([path, item]) =>
    Object.keys(objectOr(item))
      .filter((key) => key === 'trace' && !isMethod(key))
      .map((key) => `${key.toUpperCase()} ${path}`),
  );

/** A name out of what somebody wrote; `undefined` if nothing of it can stay. */
export const toName = (written: string | undefined): string | undefined => {
  const plain = (written ?? '').replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '');
  return plain === '' ? undefined : plain;
};

/** `get_users_by_id` of `GET /users/{id}`. */
const nameOfPath = (method: string, path: string): string => {
  const words = path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => segment.replace(/\{([^{}]*)\}/g, (_, name) => `_by_${name}_`))
    .map((segment) => segment.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, ''));
  return [method, ...words.filter((word) => word !== '')].join('_').toLowerCase();
};

/** Deterministic, and never read back: what is cut off lives on in the hash. */
export const shortened = (name: string, most: number, whole: string): string =>
  name.length <= most ? name : `${name.slice(0, Math.max(1, most - 9))}_${shortHash(whole)}`;
