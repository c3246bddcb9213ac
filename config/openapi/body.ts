import { hiddenProperties } from './hidden-properties.ts';
import { isObject, type Json, listOr, objectOr } from './json.ts';
import { BYTES, essence, FORM, isJson, MULTIPART, preferredType, sentType } from './media-types.ts';
import type { OpenApiDocument } from './read-document.ts';
import { encodeSegment, follow } from './references.ts';
import { shapeOf, typesOf } from './shape.ts';

export interface Member {
  readonly name: string;
  readonly schema: unknown;
  readonly at: string;
  readonly required: boolean;
}

export interface ReadBody {
  readonly contentType: string;
  readonly required: boolean;
  readonly schema: unknown;
  readonly at: string;
  readonly description: string | undefined;
  /** Members that can be arguments of their own; absent where only the whole body can. */
  readonly members?: readonly Member[];
  readonly files: readonly string[];
  readonly styles: Readonly<Record<string, { readonly style: string; readonly explode: boolean }>>;
}

/** What an operation takes as its body, or why that can't be sent (O7). */
export const readBody = (
  document: OpenApiDocument,
  operation: Json,
  operationAt: string,
): ReadBody | { readonly impossible: string } | undefined => {
  if (operation.requestBody === undefined) return undefined;
  const { value, pointer } = follow(document, operation.requestBody, `${operationAt}/requestBody`);
  const body = objectOr(value);
  const content = objectOr(body.content);
  const type = preferredType(Object.keys(content));
  if (type === undefined) {
    const types = Object.keys(content).map(essence).join(', ');
    if (body.required !== true && types === '') return undefined;
    return { impossible: `its body is ${types === '' ? 'of no content type' : types}, which is not supported` };
  }
  const media = objectOr(content[type]);
  const at = `${pointer}/content/${encodeSegment(type)}/schema`;
  const contentType = sentType(type);
  const schema = contentType === BYTES ? { type: 'string', format: 'binary' } : (media.schema ?? {});
  const members = isJson(contentType) || isForm(contentType) ? flatMembers(document, schema, at) : undefined;
  return {
    contentType,
    required: body.required === true,
    schema,
    at,
    description: typeof body.description === 'string' ? body.description : undefined,
    ...(members === undefined ? {} : { members }),
    files: contentType === MULTIPART ? filesOf(document, members ?? []) : [],
    styles: isForm(contentType) ? stylesOf(objectOr(media.encoding)) : {},
  };
};

export const isForm = (contentType: string): boolean => contentType === FORM || contentType === MULTIPART;

/** A schema with one of these says something about the whole object, which single arguments could not keep. */
const WHOLE = [
  'oneOf',
  'anyOf',
  'not',
  'if',
  'patternProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'minProperties',
  'maxProperties',
  'const',
  'enum',
];

/** More than this in one composition are better said as they stand. */
const MOST_PARTS = 32;

/** The members of an object whose members are all that matters, those of its `allOf` among them (O3). */
const flatMembers = (document: OpenApiDocument, schema: unknown, at: string): readonly Member[] | undefined => {
  const members = new Map<string, Omit<Member, 'required'>>();
  const required = new Set<string>();
  let parts = 0;
  const gather = (part: unknown, partAt: string, trail: readonly string[]): boolean => {
    const { value, pointer } = follow(document, part, partAt);
    if (!isObject(value) || trail.includes(pointer) || ++parts > MOST_PARTS) return false;
    if (WHOLE.some((key) => value[key] !== undefined) || value.nullable === true) return false;
    if (typesOf(value).some((type) => type !== 'object')) return false;
    if (value.additionalProperties !== undefined && value.additionalProperties !== false) return false;
    for (const [name, property] of Object.entries(objectOr(value.properties))) {
      if (members.has(name)) return false; // Said twice: both would count.
      members.set(name, { name, schema: property, at: `${pointer}/properties/${name}` });
    }
    for (const name of listOr(value.required)) required.add(String(name));
    return listOr(value.allOf).every((branch, index) =>
      gather(branch, `${pointer}/allOf/${index}`, [...trail, pointer]),
    );
  };
  if (!gather(schema, at, [])) return undefined;
  const hidden = hiddenProperties(document, schema, at, 'request');
  const shown = [...members.values()].filter(({ name }) => !hidden.has(name));
  const isWhole = [...required].every((name) => members.has(name));
  if (shown.length === 0 || !isWhole) return undefined;
  return shown.map((member) => ({ ...member, required: required.has(member.name) }));
};

const filesOf = (document: OpenApiDocument, members: readonly Member[]): readonly string[] => {
  const isFile = (schema: unknown, at: string): boolean => {
    const { value, pointer } = follow(document, schema, at);
    if (!isObject(value)) return false;
    if (shapeOf(document, value, pointer) === 'array') return isFile(value.items ?? {}, `${pointer}/items`);
    if (value.type === 'file' || value.format === 'binary' || value.format === 'byte') return true;
    return value.contentEncoding === 'base64' || value.contentMediaType === BYTES;
  };
  return members.filter(({ schema, at }) => isFile(schema, at)).map(({ name }) => name);
};

const stylesOf = (encoding: Json): ReadBody['styles'] =>
  Object.fromEntries(
    Object.entries(encoding).flatMap(([name, written]) => {
      const { style, explode } = objectOr(written);
      if (typeof style !== 'string' && typeof explode !== 'boolean') return [];
      const named = typeof style === 'string' ? style : 'form';
      return [
        [
          name,
          {
            style: named,
            explode: typeof explode === 'boolean' ? explode : named === 'form' || named === 'deepObject',
          },
        ],
      ];
    }),
  );
