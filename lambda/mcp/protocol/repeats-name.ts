/**
 * Whether any object in a JSON text has two members of one name. Parsers differ in which of them they take, so whoever checked
 * one and whoever acts may read different requests (G52). The text must be valid JSON.
 */
export const repeatsName = (json: string): boolean => {
  /** For each open bracket: the names so far, or `undefined` in an array. */
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let index = 0; index < json.length; index++) {
    switch (json[index]) {
      case '"': {
        const end = endOfString(json, index + 1);
        if (isName) {
          const name = nameIn(json.slice(index, end + 1));
          const names = open.at(-1);
          if (names?.has(name) === true) return true;
          names?.add(name);
          isName = false;
        }
        index = end;
        break;
      }
      case '{':
        open.push(new Set());
        isName = true;
        break;
      case '[':
        open.push(undefined);
        isName = false;
        break;
      case '}':
      case ']':
        open.pop();
        isName = false;
        break;
      case ',':
        isName = open.at(-1) !== undefined;
        break;
      default:
    }
  }
  return false;
};

/** `"a"` and `"\u0061"` are one name. */
const nameIn = (quoted: string): string => (quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1));

/** The quote that ends the string whose text begins at `from`. `indexOf` passes over long texts at the speed of memory. */
const endOfString = (json: string, from: number): number => {
  for (let at = json.indexOf('"', from); at !== -1; at = json.indexOf('"', at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return at;
  }
  return json.length;
};
