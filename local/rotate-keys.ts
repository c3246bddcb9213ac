import { type Document, parseDocument } from 'yaml';

const PATH = ['tokens', 'signingKey'];
const MOST = 1_000;

/** What the policy says which key signs, and what is published with it. Errors: an `Error` for a file that makes no sense. */
export const statusOfKeys = (text: string): string => describeKeys(numberIn(read(text)));

/**
 * The policy in which the next key signs. Comments and everything else in it stay as they are.
 *
 * Errors: an `Error` for a file that makes no sense, or that has come to the last number.
 */
export const rotateKey = (text: string): { readonly text: string; readonly says: string } => {
  const document = read(text);
  const next = numberIn(document) + 1;
  if (next > MOST) throw new Error(`tokens.signingKey: ${MOST} is the last`);
  document.setIn(PATH, next);
  const says = `${describeKeys(next)}

1. Deploy. Every verifier knows key ${next} already: it was published beside the one that signed until now.
2. Wait for the longest lifetime of your tokens (tokens.clients.*.lifetime, agents.*.obo.lifetime: an hour at most) and ten
   minutes more, in which verifiers keep the keys they have read.
3. Only then rotate again: that takes away key ${next - 1}, and with it every token that it signed.`;
  return { text: document.toString({ lineWidth: 0, flowCollectionPadding: false }), says };
};

const describeKeys = (number: number): string => {
  const published = [...(number > 1 ? [number - 1] : []), number, number + 1];
  return `key ${number} signs; published are ${published.join(', ')}`;
};

const read = (text: string): Document => {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`the file is not YAML: ${error.code}`);
  return document;
};

const numberIn = (document: Document): number => {
  const number: unknown = document.getIn(PATH) ?? 1;
  if (!Number.isInteger(number) || (number as number) < 1)
    throw new Error('tokens.signingKey: expected a whole number');
  return number as number;
};
