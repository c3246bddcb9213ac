/** JSON that is written already: a long list is the same text for many callers. */
export class JsonText {
  constructor(readonly text: string) {}
}

/** JSON of a value that may be written already. What it holds may not be. */
export const jsonOf = (value: unknown): string => (value instanceof JsonText ? value.text : JSON.stringify(value));
