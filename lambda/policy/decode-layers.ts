/** Shorter than this nobody says anything. */
const MIN_CHARS = 16;

/** Of all that was decoded from one text: what is longer is cut, so that entities can't make much of little. */
const MAX_DECODED_CHARS = 65_536;

const BASE64 = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
const HEX = /(?:\\x|0x)?[0-9a-fA-F]{2}(?:[ ,:]{0,2}(?:\\x|0x)?[0-9a-fA-F]{2}){11,}/g;
const PERCENT = /%[0-9a-fA-F]{2}/g;
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos|nbsp|colon|period|sol|excl));/g;
const ESCAPE = /\\u\{?([0-9a-fA-F]{4,6})\}?/g;

const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  colon: ':',
  period: '.',
  sol: '/',
  excl: '!',
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes as text, if that is what they are: words have letters and spaces. */
const asText = (bytes: Uint8Array): string | undefined => {
  if (bytes.length < MIN_CHARS * 0.6) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  const odd = text.match(/[^\p{L}\p{N}\p{P}\p{Zs}\p{Sm}\s]/gu)?.length ?? 0;
  return odd <= text.length / 20 ? text : undefined;
};

const fromCode = (digits: string, radix: number): string => {
  const code = Number.parseInt(digits, radix);
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : '';
};

/** `%41` becomes the letter of that byte: enough to see words, and it can't fail. */
const fromPercent = (text: string): string =>
  text.replace(PERCENT, (coded) => String.fromCharCode(Number.parseInt(coded.slice(1), 16)));

const DECODERS: readonly ((text: string) => readonly string[])[] = [
  (text) => [...text.matchAll(BASE64)].flatMap(([run]) => asText(Buffer.from(run, 'base64')) ?? []),
  (text) =>
    [...text.matchAll(HEX)].flatMap(([run]) => asText(Buffer.from(run.replace(/\\x|0x|[ ,:]/g, ''), 'hex')) ?? []),
  (text) => ((text.match(PERCENT)?.length ?? 0) >= 3 ? [fromPercent(text)] : []),
  (text) => {
    const plain = text
      .replace(ENTITY, (_, decimal?: string, hex?: string, name?: string) =>
        name === undefined ? fromCode(decimal ?? hex ?? '', decimal === undefined ? 16 : 10) : (NAMED[name] ?? ''),
      )
      .replace(ESCAPE, (_, hex: string) => fromCode(hex, 16));
    return plain === text ? [] : [plain];
  },
];

/** What a text says once what is encoded in it is decoded, one layer or two (T5). Without the text itself. */
export const decodeLayers = (text: string): readonly string[] => {
  const decoded: string[] = [];
  let left = MAX_DECODED_CHARS;
  let layer: readonly string[] = [text];
  for (let depth = 0; depth < 2; depth++) {
    layer = layer.flatMap((one) =>
      DECODERS.flatMap((decode) => decode(one)).flatMap((plain) => {
        const kept = plain.slice(0, left);
        left -= kept.length;
        return kept === '' ? [] : [kept];
      }),
    );
    decoded.push(...layer);
  }
  return decoded;
};
