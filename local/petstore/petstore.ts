import { readChanges, readNewPet } from './read-pet.ts';
import { openShop, type Pet, type Shop } from './shop.ts';

export interface PetstoreOptions {
  /** The one bearer token that it accepts. Absent: anybody may call. */
  readonly token?: string;
}

/** What an operation has to go on: the request, and what stands in the braces of its path. */
interface Asked {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly part: string;
  readonly shop: Shop;
}

type Operation = (asked: Asked) => Response | Promise<Response>;

const MAX_PHOTO_BYTES = 256 * 1024;

const withPet =
  (answer: (pet: Pet, asked: Asked) => Response | Promise<Response>): Operation =>
  (asked) => {
    const pet = asked.shop.pets.get(Number(asked.part));
    return pet === undefined ? problem(404, 'no such pet') : answer(pet, asked);
  };

const listPets: Operation = ({ query, shop }) => {
  const kind = query.get('kind');
  const statuses = query.get('status')?.split(',');
  const labels = query.getAll('label');
  const found = [...shop.pets.values()].filter(
    (pet) =>
      (kind === null || pet.kind === kind) &&
      (statuses === undefined || statuses.includes(pet.status)) &&
      labels.every((label) => pet.labels.includes(label)),
  );
  return json(200, found.slice(0, Number(query.get('limit') ?? 20)));
};

const createPet: Operation = async ({ request, shop }) => {
  const read = readNewPet(await request.json());
  return 'wrong' in read ? problem(422, read.wrong) : json(201, shop.addPet(read.value));
};

const updatePet = withPet(async (pet, { request, shop }) => {
  const read = readChanges(await request.json());
  if ('wrong' in read) return problem(422, read.wrong);
  const changed = { ...pet, ...read.value };
  shop.pets.set(pet.id, changed);
  return json(200, changed);
});

const deletePet = withPet(({ id }, { shop }) => {
  shop.pets.delete(id);
  shop.photos.delete(id);
  return new Response(null, { status: 204 });
});

const getPhoto = withPet(({ id }, { shop }) => {
  const photo = shop.photos.get(id);
  return photo === undefined
    ? problem(404, 'no photo yet')
    : new Response(photo, { headers: { 'content-type': 'image/png' } });
});

const setPhoto = withPet(async ({ id }, { request, shop }) => {
  const photo = new Uint8Array(await request.arrayBuffer());
  if (photo.length > MAX_PHOTO_BYTES) return problem(413, 'at most 256 KB');
  shop.photos.set(id, photo);
  return new Response(null, { status: 204 });
});

interface Ancestry {
  readonly name: string;
  readonly parents: readonly Ancestry[];
}

const ancestryOf = ({ id, name }: Pet, shop: Shop): Ancestry => ({
  name,
  parents: (shop.parents.get(id) ?? []).flatMap((parent) => {
    const pet = shop.pets.get(parent);
    return pet === undefined ? [] : [ancestryOf(pet, shop)];
  }),
});

const createOrder: Operation = async ({ request, shop }) => {
  const form = new URLSearchParams(await request.text());
  const pet = Number(form.get('pet'));
  const note = form.get('note');
  if (!shop.pets.has(pet)) return problem(422, 'pet');
  return json(201, shop.addOrder({ pet, ...(note === null ? {} : { note }) }));
};

const getOrder: Operation = ({ part, shop }) => {
  const order = shop.orders.get(part);
  return order === undefined ? problem(404, 'no such order') : json(200, order);
};

const OPERATIONS: readonly (readonly [method: string, path: RegExp, operation: Operation])[] = [
  ['GET', /^\/pets$/, listPets],
  ['POST', /^\/pets$/, createPet],
  ['GET', /^\/pets\/([^/]+)$/, withPet((pet) => json(200, pet))],
  ['PATCH', /^\/pets\/([^/]+)$/, updatePet],
  ['DELETE', /^\/pets\/([^/]+)$/, deletePet],
  ['GET', /^\/pets\/([^/]+)\/photo$/, getPhoto],
  ['PUT', /^\/pets\/([^/]+)\/photo$/, setPhoto],
  ['GET', /^\/pets\/([^/]+)\/ancestors$/, withPet((pet, { shop }) => json(200, ancestryOf(pet, shop)))],
  ['POST', /^\/orders$/, createOrder],
  ['GET', /^\/orders\/([^/]+)$/, getOrder],
];

/** The REST API that policies/petstore.yaml describes, on its own shop. */
export const createPetstore = ({ token }: PetstoreOptions = {}, shop: Shop = openShop()) => ({
  fetch: async (request: Request): Promise<Response> => {
    if (token !== undefined && request.headers.get('authorization') !== `Bearer ${token}`)
      return problem(401, 'who are you?');
    const { pathname, searchParams: query } = new URL(request.url);
    const found = OPERATIONS.find(([method, path]) => method === request.method && path.test(pathname));
    if (found === undefined) return problem(404, 'there is nothing here');
    const [, path, operation] = found;
    try {
      return await operation({ request, query, part: decodeURIComponent(path.exec(pathname)?.[1] ?? ''), shop });
    } catch {
      return problem(400, 'the request is not valid');
    }
  },
});

const json = (status: number, value: unknown, type = 'application/json'): Response =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': type } });

/** RFC 9457. */
const problem = (status: number, title: string): Response => json(status, { title }, 'application/problem+json');
