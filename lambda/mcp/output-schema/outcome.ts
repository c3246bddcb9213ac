/** `true`; or where in the schema it fails, as a JSON Pointer; or `undefined` where that can't be said. */
export type Outcome = true | string | undefined;

export const failed = (outcome: Outcome): outcome is string => typeof outcome === 'string';

/** Something has to hold of each. What comes after the first that fails is not looked at. */
export const all = <Item>(items: readonly Item[], outcomeOf: (item: Item, index: number) => Outcome): Outcome => {
  let sum: Outcome = true;
  let index = 0;
  for (const item of items) {
    const outcome = outcomeOf(item, index++);
    if (failed(outcome)) return outcome;
    if (outcome === undefined) sum = undefined;
  }
  return sum;
};

export interface Count {
  readonly yes: number;
  readonly maybe: number;
}

export const count = <Item>(items: readonly Item[], outcomeOf: (item: Item) => Outcome): Count => {
  let [yes, maybe] = [0, 0];
  for (const item of items) {
    const outcome = outcomeOf(item);
    if (outcome === true) yes++;
    if (outcome === undefined) maybe++;
  }
  return { yes, maybe };
};

/** That so many hold, and no more: what can't be said of some may leave it open. */
export const between = ({ yes, maybe }: Count, least: number, most: number): Outcome => {
  if (yes > most || yes + maybe < least) return '';
  return yes >= least && yes + maybe <= most ? true : undefined;
};

/** Of one step: a name may be as long as a server likes, and is written at every turn. In UTF-16 code units. */
const MAX_STEP = 64;

/** Says where: one step further from the root. */
export const at = (step: string, outcome: Outcome): Outcome =>
  failed(outcome) ? `/${step.slice(0, MAX_STEP).replaceAll('~', '~0').replaceAll('/', '~1')}${outcome}` : outcome;
