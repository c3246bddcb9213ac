export const KINDS = ['cat', 'dog', 'bird', 'fish', 'tortoise'] as const;
export const STATUSES = ['available', 'reserved', 'sold'] as const;

export interface Pet {
  readonly id: number;
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly status: (typeof STATUSES)[number];
  readonly labels: readonly string[];
}

export interface Order {
  readonly number: string;
  readonly pet: number;
  readonly note?: string;
}

/** One shop's animals and orders, in memory. */
export interface Shop {
  readonly pets: Map<number, Pet>;
  readonly photos: Map<number, Uint8Array<ArrayBuffer>>;
  readonly orders: Map<string, Order>;
  addPet(pet: Omit<Pet, 'id'>): Pet;
  addOrder(order: Omit<Order, 'number'>): Order;
  /** Numbers of the animals that one descends from. */
  readonly parents: ReadonlyMap<number, readonly number[]>;
}

const FIRST: readonly Omit<Pet, 'id'>[] = [
  { name: 'Ada', kind: 'tortoise', status: 'sold', labels: ['calm'] },
  { name: 'Blaise', kind: 'tortoise', status: 'available', labels: ['calm', 'old'] },
  { name: 'Cleo', kind: 'tortoise', status: 'available', labels: ['young'] },
  { name: 'Dot', kind: 'cat', status: 'reserved', labels: ['indoor'] },
  { name: 'Ernest', kind: 'dog', status: 'available', labels: ['young', 'loud'] },
];

export const openShop = (): Shop => {
  const pets = new Map<number, Pet>();
  const orders = new Map<string, Order>();
  let lastPet = 0;
  let lastOrder = 1000;
  const addPet: Shop['addPet'] = (pet) => {
    const added = { ...pet, id: ++lastPet };
    pets.set(added.id, added);
    return added;
  };
  FIRST.forEach(addPet);
  return {
    pets,
    orders,
    photos: new Map(),
    parents: new Map([[3, [1, 2]]]),
    addPet,
    addOrder: (order) => {
      const added = { ...order, number: String(++lastOrder) };
      orders.set(added.number, added);
      return added;
    },
  };
};
