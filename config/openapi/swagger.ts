import { isObject, type Json, listOr, mapValues, objectOr } from './json.ts';
import { isMethod } from './methods.ts';

const MOVED = new Map([
  ['definitions', 'schemas'],
  ['parameters', 'parameters'],
  ['responses', 'responses'],
]);

/** Swagger 2.0 in the words of OpenAPI 3.0 (O6). What is not understood stays as it is, for the checks that follow. */
export const upgradeSwagger = (old: Json): Json => {
  const root = moveReferences(old) as Json;
  const media: Media = {
    consumes: listOr(root.consumes).map(String),
    produces: listOr(root.produces).map(String),
    parameters: objectOr(root.parameters),
  };
  return {
    openapi: '3.0.4',
    info: root.info,
    ...(root.security === undefined ? {} : { security: root.security }),
    paths: mapValues(objectOr(root.paths), (item) => upgradePath(item, media)),
    components: {
      schemas: objectOr(root.definitions),
      parameters: mapValues(objectOr(root.parameters), upgradeParameter),
      responses: mapValues(objectOr(root.responses), (response) => upgradeResponse(response, media.produces)),
      securitySchemes: mapValues(objectOr(root.securityDefinitions), upgradeScheme),
    },
  };
};

interface Media {
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** Those that operations refer to. */
  readonly parameters: Json;
}

const moveReferences = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(moveReferences);
  if (!isObject(value)) return value;
  return mapValues(value, (item, key) =>
    key === '$ref' && typeof item === 'string' ? moved(item) : moveReferences(item),
  );
};

const moved = (ref: string): string => {
  const [hash, section = '', ...rest] = ref.split('/');
  const home = MOVED.get(section);
  return hash === '#' && home !== undefined ? ['#', 'components', home, ...rest].join('/') : ref;
};

const upgradePath = (item: unknown, media: Media): unknown => {
  if (!isObject(item)) return item;
  const shared = listOr(item.parameters).map((one) => deref(one, media.parameters));
  const { kept, sent } = split(shared);
  return mapValues({ ...item, parameters: kept.map(upgradeParameter) }, (value, key) =>
    isMethod(key) && isObject(value) ? upgradeOperation(value, media, sent) : value,
  );
};

/** A body can hide behind a reference, so these are looked up before anything is sorted. */
const deref = (parameter: unknown, parameters: Json): unknown => {
  const ref = isObject(parameter) && typeof parameter.$ref === 'string' ? parameter.$ref : undefined;
  const name = ref?.startsWith('#/components/parameters/') ? ref.slice('#/components/parameters/'.length) : undefined;
  return name !== undefined && Object.hasOwn(parameters, name) ? parameters[name] : parameter;
};

const split = (parameters: readonly unknown[]): { kept: readonly unknown[]; sent: readonly Json[] } => {
  const isSent = (one: unknown): one is Json => isObject(one) && (one.in === 'body' || one.in === 'formData');
  return { kept: parameters.filter((one) => !isSent(one)), sent: parameters.filter(isSent) };
};

const upgradeOperation = (operation: Json, media: Media, shared: readonly Json[]): Json => {
  const consumes = operation.consumes === undefined ? media.consumes : listOr(operation.consumes).map(String);
  const produces = operation.produces === undefined ? media.produces : listOr(operation.produces).map(String);
  const { kept, sent } = split(listOr(operation.parameters).map((one) => deref(one, media.parameters)));
  const body = requestBody(sent.length > 0 ? sent : shared, consumes);
  return {
    ...operation,
    parameters: kept.map(upgradeParameter),
    responses: mapValues(objectOr(operation.responses), (response) => upgradeResponse(response, produces)),
    ...(body === undefined ? {} : { requestBody: body }),
  };
};

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

const requestBody = (sent: readonly Json[], consumes: readonly string[]): Json | undefined => {
  const body = sent.find((one) => one.in === 'body');
  if (body !== undefined) {
    const types = consumes.length > 0 ? consumes : ['application/json'];
    return {
      description: body.description,
      required: body.required === true,
      content: Object.fromEntries(types.map((type) => [type, { schema: body.schema ?? {} }])),
    };
  }
  if (sent.length === 0) return undefined;
  const isFile = sent.some((one) => one.type === 'file');
  const type = isFile || (consumes.includes(MULTIPART) && !consumes.includes(FORM)) ? MULTIPART : FORM;
  const schema = {
    type: 'object',
    properties: Object.fromEntries(
      sent.map((one) => [String(one.name), { ...schemaOf(one), description: one.description }]),
    ),
    required: sent.filter((one) => one.required === true).map((one) => String(one.name)),
  };
  const encoding = Object.fromEntries(
    sent.filter((one) => one.type === 'array').map((one) => [String(one.name), styleOf(one)]),
  );
  return { required: sent.some((one) => one.required === true), content: { [type]: { schema, encoding } } };
};

const NOT_SCHEMA = new Set(['name', 'in', 'description', 'required', 'collectionFormat', 'allowEmptyValue']);

const schemaOf = (parameter: Json): Json =>
  Object.fromEntries(Object.entries(parameter).filter(([key]) => !NOT_SCHEMA.has(key) && !key.startsWith('x-')));

const COLLECTIONS = new Map([
  ['csv', { style: 'form', explode: false }],
  ['ssv', { style: 'spaceDelimited', explode: false }],
  ['tsv', { style: 'tabDelimited', explode: false }],
  ['pipes', { style: 'pipeDelimited', explode: false }],
  ['multi', { style: 'form', explode: true }],
]);

const styleOf = ({ collectionFormat }: Json): Json =>
  COLLECTIONS.get(String(collectionFormat)) ?? { style: 'form', explode: false };

const upgradeParameter = (parameter: unknown): unknown => {
  if (!isObject(parameter) || '$ref' in parameter || 'schema' in parameter) return parameter;
  return {
    name: parameter.name,
    in: parameter.in,
    ...(parameter.description === undefined ? {} : { description: parameter.description }),
    required: parameter.required === true,
    schema: schemaOf(parameter),
    ...(parameter.type === 'array' && parameter.in === 'query' ? styleOf(parameter) : {}),
  };
};

const upgradeResponse = (response: unknown, produces: readonly string[]): unknown => {
  if (!isObject(response) || response.schema === undefined) return response;
  const types = produces.length > 0 ? produces : ['application/json'];
  const { schema, examples: _, ...rest } = response;
  if (isObject(schema) && schema.type === 'file') return { ...rest, content: { 'application/octet-stream': {} } };
  return { ...rest, content: Object.fromEntries(types.map((type) => [type, { schema }])) };
};

const upgradeScheme = (scheme: unknown): unknown => {
  if (!isObject(scheme)) return scheme;
  if (scheme.type === 'basic') return { type: 'http', scheme: 'basic' };
  return scheme;
};
