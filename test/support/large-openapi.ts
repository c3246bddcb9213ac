type Json = Record<string, unknown>;

const RESOURCES = [
  'accounts',
  'addresses',
  'alerts',
  'assets',
  'batches',
  'branches',
  'budgets',
  'carriers',
  'catalogs',
  'claims',
  'clusters',
  'comments',
  'contracts',
  'coupons',
  'customers',
  'deliveries',
  'devices',
  'disputes',
  'documents',
  'events',
  'folders',
  'grants',
  'groups',
  'holidays',
  'images',
  'invoices',
  'jobs',
  'labels',
  'ledgers',
  'licences',
  'locations',
  'members',
  'messages',
  'milestones',
  'notes',
  'offers',
  'orders',
  'partners',
  'payments',
  'permits',
  'plans',
  'policies',
  'products',
  'projects',
  'quotes',
  'refunds',
  'regions',
  'reports',
  'routes',
  'shipments',
] as const;

const singular = (resource: string): string =>
  resource
    .replace(/ies$/, 'y')
    .replace(/(ch|ss)es$/, '$1')
    .replace(/s$/, '');
const schemaName = (resource: string): string => `${resource[0]?.toUpperCase()}${singular(resource).slice(1)}`;
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Json): Json => ({ 'application/json': { schema } });

const pageOf = (name: string): Json => ({
  description: 'One page',
  content: json({
    allOf: [ref('Page'), { type: 'object', properties: { items: { type: 'array', items: ref(name) } } }],
  }),
});

const operationsOf = (resource: string, tag: string): Json => {
  const name = schemaName(resource);
  const one = singular(resource);
  const shared = { tags: [tag] };
  const problem = { default: { $ref: '#/components/responses/Problem' } };
  const answer = (status: string): Json => ({ [status]: { description: 'It', content: json(ref(name)) }, ...problem });
  const id = { $ref: '#/components/parameters/Id' };
  return {
    [`/v1/${resource}`]: {
      get: {
        ...shared,
        operationId: `list-${resource}`,
        parameters: [
          { $ref: '#/components/parameters/Cursor' },
          { name: 'filter', in: 'query', style: 'deepObject', schema: ref('Filter') },
        ],
        responses: { 200: pageOf(name), ...problem },
      },
      post: {
        ...shared,
        operationId: `create-${one}`,
        requestBody: { required: true, content: json(ref(name)) },
        responses: answer('201'),
      },
    },
    [`/v1/${resource}/{id}`]: {
      parameters: [id],
      get: { ...shared, operationId: `get-${one}`, responses: answer('200') },
      put: {
        ...shared,
        operationId: `replace-${one}`,
        requestBody: { required: true, content: json(ref(name)) },
        responses: answer('200'),
      },
      delete: { ...shared, responses: { 204: { description: 'Gone' }, ...problem } },
    },
    [`/v1/${resource}/{id}/actions`]: {
      parameters: [id],
      post: {
        ...shared,
        operationId: `act-on-${one}`,
        requestBody: { required: true, content: json(ref('Action')) },
        responses: answer('200'),
      },
    },
  };
};

/** Every schema leads to the next two and back to itself, so that each reaches all of them. */
const schemaOf = (resource: string, index: number): Json => {
  const at = (offset: number): string => schemaName(RESOURCES[(index + offset) % RESOURCES.length] ?? '');
  return {
    allOf: [
      ref('Base'),
      {
        type: 'object',
        required: ['name', 'id'],
        properties: {
          name: { type: 'string', maxLength: 80, description: `What people call the ${singular(resource)}` },
          parent: { allOf: [ref(schemaName(resource))], nullable: true },
          children: { type: 'array', items: ref(schemaName(resource)) },
          next: ref(at(1)),
          others: { type: 'object', additionalProperties: ref(at(7)) },
          weight: { type: 'number', minimum: 0, exclusiveMinimum: true },
          secret: { type: 'string', writeOnly: true },
        },
      },
    ],
  };
};

const SHARED = {
  Base: {
    type: 'object',
    required: ['id', 'created'],
    properties: {
      id: { type: 'string', format: 'uuid', readOnly: true },
      created: { type: 'string', format: 'date-time', readOnly: true },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
  Page: { type: 'object', required: ['cursor'], properties: { cursor: { type: 'string', nullable: true } } },
  Filter: {
    type: 'object',
    properties: { name: { type: 'string' }, state: { type: 'string', enum: ['open', 'closed'] } },
  },
  Action: {
    oneOf: [ref('Archive'), ref('Move')],
    discriminator: { propertyName: 'kind', mapping: { archive: '#/components/schemas/Archive' } },
  },
  Archive: { type: 'object', required: ['kind'], properties: { kind: { type: 'string', enum: ['archive'] } } },
  Move: {
    type: 'object',
    required: ['kind', 'to'],
    properties: { kind: { type: 'string', enum: ['move'] }, to: ref('Account') },
  },
};

/**
 * A description of the size and shape that large public APIs have: 300 operations under ten tags, 56 schemas that all lead to
 * each other in circles, compositions, pages, filters, a union with a discriminator. The same text every time.
 */
export const largeOpenApi = (): string =>
  JSON.stringify({
    openapi: '3.0.3',
    info: { title: 'Large', version: '1' },
    paths: Object.assign({}, ...RESOURCES.map((resource, index) => operationsOf(resource, `area-${index % 10}`))),
    components: {
      parameters: {
        Id: { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
        Cursor: { name: 'cursor', in: 'query', schema: { type: 'string' } },
      },
      responses: { Problem: { description: 'What went wrong' } },
      schemas: {
        ...SHARED,
        ...Object.fromEntries(RESOURCES.map((resource, index) => [schemaName(resource), schemaOf(resource, index)])),
      },
    },
  });
