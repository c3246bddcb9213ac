import { MessageFileError, type ReadText } from './message-file.ts';
import { readDocument } from './policy-files.ts';
import { type Finding, showPath } from './problem.ts';
import { isMap, selectText } from './select.ts';

const JWKS = 'tokens.clients.*.authentication.privateKeyJwt.jwks';

/** Members that only private or symmetric keys have (RFC 7518 §6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** What is wrong with the keys of a client; nothing of the file is repeated. */
const judge = (text: string): string | undefined => {
  const parsed = parse(text);
  const keys = isMap(parsed) ? parsed.keys : undefined;
  if (!Array.isArray(keys) || keys.length === 0)
    return 'expected a JSON Web Key Set (RFC 7517 §5) with at least one key';
  const isSecret = keys.some((key: unknown) => isMap(key) && PRIVATE.some((member) => member in key));
  if (isSecret) return 'holds a private key: write only public ones there, and take that key out of use';
  const isKnown = keys.every((key: unknown) => isMap(key) && ['RSA', 'EC', 'OKP'].includes(String(key.kty)));
  return isKnown ? undefined : 'expected public keys of kty RSA, EC or OKP';
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Files with the public keys of clients. */
export const checkTokenFiles = (root: unknown, read: ReadText): readonly Finding[] =>
  selectText(root, JWKS).flatMap(({ path, value }): Finding[] => {
    const say = (message: string): Finding[] => [{ path, at: 'value', message: `${showPath(path)}: ${message}` }];
    try {
      const wrong = judge(readDocument(read, value));
      return wrong === undefined ? [] : say(`${value}: ${wrong}`);
    } catch (error) {
      if (!(error instanceof MessageFileError)) throw error;
      return say(error.message);
    }
  });
