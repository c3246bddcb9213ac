import { KINDS, type Pet, STATUSES } from './shop.ts';

type Read<Value> = { readonly value: Value } | { readonly wrong: string };
type Json = Readonly<Record<string, unknown>>;

const isText =
  (most: number) =>
  (value: unknown): boolean =>
    typeof value === 'string' && value !== '' && value.length <= most;

const isOneOf =
  (known: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && known.includes(value);

const CHANGES = new Map<string, (value: unknown) => boolean>([
  ['name', isText(80)],
  ['status', isOneOf(STATUSES)],
  ['labels', (value) => Array.isArray(value) && value.every(isText(40))],
]);
const MEMBERS = new Map([
  ...CHANGES,
  ['kind', isOneOf(KINDS)],
  ['purchasePrice', (value: unknown) => typeof value === 'number'],
]);

const wrongIn = (body: unknown, members: ReadonlyMap<string, (value: unknown) => boolean>): string | undefined => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'the body is no object';
  return Object.entries(body).find(([name, value]) => members.get(name)?.(value) !== true)?.[0];
};

export const readNewPet = (body: unknown): Read<Omit<Pet, 'id'>> => {
  const wrong =
    wrongIn(body, MEMBERS) ?? ['name', 'kind', 'status'].find((name) => !Object.hasOwn(body as object, name));
  if (wrong !== undefined) return { wrong };
  const { purchasePrice: _, labels = [], ...pet } = body as Json;
  return { value: { ...pet, labels } as Omit<Pet, 'id'> };
};

export const readChanges = (body: unknown): Read<Partial<Omit<Pet, 'id' | 'kind'>>> => {
  const wrong = wrongIn(body, CHANGES);
  return wrong === undefined ? { value: body as Partial<Pet> } : { wrong };
};
