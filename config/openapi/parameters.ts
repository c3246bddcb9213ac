import type { OpenApiParameter } from '../compiled-mcp.ts';
import { isObject, type Json, listOr, objectOr, textOr } from './json.ts';
import { isJson } from './media-types.ts';
import { problem } from './problem.ts';
import { isProtectedHeader, isSentAnyway } from './protected-headers.ts';
import type { OpenApiDocument } from './read-document.ts';
import { encodeSegment, follow } from './references.ts';
import { shapeOf } from './shape.ts';

type Binding = Omit<OpenApiParameter, 'argument'>;

export interface ReadParameter {
  readonly binding: Binding;
  /** As it stands in the document at `at`. */
  readonly schema: unknown;
  readonly at: string;
  readonly description: string | undefined;
  readonly examples: readonly unknown[];
}

export interface ReadParameters {
  readonly parameters: readonly ReadParameter[];
  readonly warnings: readonly string[];
  /** Why the operation can't be called at all. */
  readonly impossible?: string;
}

export interface ParameterPlaces {
  readonly path: string;
  readonly pathItem: Json;
  readonly pathItemAt: string;
  readonly operation: Json;
  readonly operationAt: string;
  /** Parameters by which the API is shown a credential (O10), as `in name`, lower case. */
  readonly secured: ReadonlySet<string>;
  /** Cookies that the operator lets a model set. */
  readonly cookies: readonly string[];
}

const STYLES: Readonly<Record<string, readonly string[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'tabDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
};

const keyOf = ({ in: place, name }: { readonly in: string; readonly name: string }): string =>
  `${place} ${place === 'header' ? name.toLowerCase() : name}`;

/** Parameters of one operation: its own win over those of its path, by name and place (O3). */
export const readParameters = (document: OpenApiDocument, places: ParameterPlaces): ReadParameters => {
  const found = new Map<string, ReadParameter>();
  const listed = [
    ...listOr(places.pathItem.parameters).map((one, index) => ({
      one,
      at: `${places.pathItemAt}/parameters/${index}`,
    })),
    ...listOr(places.operation.parameters).map((one, index) => ({
      one,
      at: `${places.operationAt}/parameters/${index}`,
    })),
  ];
  for (const { one, at } of listed) {
    const parameter = readParameter(document, one, at);
    found.set(keyOf(parameter.binding), parameter);
  }
  const warnings: string[] = [];
  const parameters: ReadParameter[] = [];
  for (const [key, parameter] of found) {
    const { name, in: place, required } = parameter.binding;
    if (places.secured.has(key.toLowerCase())) continue; // O10: credentials never come from a model.
    const left = reasonToLeaveOut(parameter.binding, places);
    if (left === undefined) parameters.push(parameter);
    else if (required && place !== 'path' && !isSentAnyway(name))
      return { parameters: [], warnings, impossible: `it requires the ${place} parameter ${name}, ${left}` };
    else warnings.push(`the ${place} parameter ${name} is left out: ${left}`);
  }
  return { parameters: [...parameters, ...undeclared(places, found, warnings)], warnings };
};

const reasonToLeaveOut = ({ name, in: place }: Binding, { path, cookies }: ParameterPlaces): string | undefined => {
  if (place === 'header' && isProtectedHeader(name)) return 'a header that arguments may not set';
  if (place === 'cookie' && !cookies.includes(name)) return 'a cookie, and no override lists it under cookies';
  if (place === 'path' && !path.includes(`{${name}}`)) return 'which its path does not have';
  return undefined;
};

/** Documents forget to declare what their paths have. Without a value there is no path. */
const undeclared = (
  { path, operationAt }: ParameterPlaces,
  found: ReadonlyMap<string, ReadParameter>,
  warnings: string[],
): readonly ReadParameter[] =>
  templateNames(path)
    .filter((name) => !found.has(`path ${name}`))
    .map((name) => {
      warnings.push(`its path has {${name}}, which is not declared: taken as text`);
      const binding: Binding = { name, in: 'path', style: 'simple', explode: false, required: true, shape: 'scalar' };
      return { binding, schema: { type: 'string' }, at: operationAt, description: undefined, examples: [] };
    });

export const templateNames = (path: string): readonly string[] => [
  ...new Set([...path.matchAll(/\{([^{}/]+)\}/g)].map(([, name = '']) => name)),
];

const readParameter = (document: OpenApiDocument, written: unknown, writtenAt: string): ReadParameter => {
  const { value, pointer: at } = follow(document, written, writtenAt);
  const parameter = objectOr(value);
  const { name, in: place } = parameter;
  if (typeof name !== 'string' || name === '') throw problem(writtenAt, 'a parameter needs a name');
  if (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'cookie')
    throw problem(writtenAt, 'a parameter is in path, query, header or cookie');
  const [media] = Object.entries(objectOr(parameter.content));
  const schema = media === undefined ? (parameter.schema ?? {}) : (objectOr(media[1]).schema ?? {});
  const schemaAt = media === undefined ? `${at}/schema` : `${at}/content/${encodeSegment(media[0])}/schema`;
  const shape = shapeOf(document, schema, schemaAt);
  const style = media !== undefined && isJson(media[0]) ? { style: 'json', explode: false } : styleOf(parameter, place);
  const keys = shape === 'object' && style.style !== 'json' ? declaredKeys(document, schema, schemaAt) : undefined;
  return {
    binding: {
      name,
      in: place,
      ...style,
      required: place === 'path' || parameter.required === true,
      ...(shape === undefined ? {} : { shape }),
      ...(keys === undefined ? {} : { keys }),
    },
    schema,
    at: schemaAt,
    description: textOr(parameter.description),
    examples: examplesOf(parameter),
  };
};

/** Styles of RFC 6570 by their names in OpenAPI; one that does not belong to the place is the default of the place. */
const styleOf = ({ style, explode }: Json, place: Binding['in']): { style: string; explode: boolean } => {
  const [fallback = 'simple', ...others] = STYLES[place] ?? [];
  const named = typeof style === 'string' && [fallback, ...others].includes(style) ? style : fallback;
  return { style: named, explode: typeof explode === 'boolean' ? explode : named === 'form' || named === 'deepObject' };
};

/** The keys an object of a query may have. An exploded one otherwise lets an argument name any parameter of the API. */
const declaredKeys = (document: OpenApiDocument, schema: unknown, at: string): readonly string[] | undefined => {
  const { value } = follow(document, schema, at);
  if (!isObject(value) || !isObject(value.properties)) return undefined;
  const isOpen = value.additionalProperties === true || isObject(value.additionalProperties);
  return isOpen || value.allOf !== undefined || value.oneOf !== undefined || value.anyOf !== undefined
    ? undefined
    : Object.keys(value.properties);
};

const examplesOf = ({ example, examples }: Json): readonly unknown[] => {
  if (example !== undefined) return [example];
  return Object.values(objectOr(examples))
    .map((one) => objectOr(one).value)
    .filter((value) => value !== undefined)
    .slice(0, 3);
};
