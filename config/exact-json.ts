/** Source text access of `JSON.parse` and `JSON.rawJSON`: in Node since 22, not yet in TypeScript's library. */
interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
}

const exactJson = JSON as unknown as ExactJson;

/** A number with more digits than a double holds, as it was written. */
export const isExactNumber = (value: unknown): value is object => exactJson.isRawJSON(value);

/** JSON in which no number loses a digit. Errors: `SyntaxError`. */
export const parseExactJson = (text: string): unknown =>
  exactJson.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source
      ? exactJson.rawJSON(source)
      : value,
  );
