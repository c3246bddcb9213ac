import type { DocumentBlock, ImageBlock } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import type { Json } from './provider.ts';

/** Source: Amazon Bedrock API reference, `ImageBlock` (R87). */
const IMAGE_FORMATS = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpeg'],
  ['image/jpg', 'jpeg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
]);

/** Source: Amazon Bedrock API reference, `DocumentBlock`. */
const DOCUMENT_FORMATS = new Map([
  ['application/pdf', 'pdf'],
  ['text/csv', 'csv'],
  ['application/msword', 'doc'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.ms-excel', 'xls'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['text/html', 'html'],
  ['text/plain', 'txt'],
  ['text/markdown', 'md'],
]);

const MOST_DOCUMENTS = 5;
const LONGEST_NAME = 200;

export const refusedContent = (kind: string, expected: string): Refusal =>
  new Refusal('unsupported_content', { kind }, { param: 'messages', expected });

/** R86. R88: Bedrock fetches nothing from the web, and neither do we. */
export const writeImage = ({ source }: ImageBlock): Json => {
  if (source.type === 'url') {
    throw refusedContent('image by URL', 'images as base64 data: this provider does not fetch URLs');
  }
  const format = IMAGE_FORMATS.get(source.mediaType);
  if (format === undefined) throw refusedContent('image', 'PNG, JPEG, GIF or WebP images');
  return { image: { format, source: { bytes: source.data } } };
};

/** Writes the documents of one request: their names have to differ (R90, R91). */
export class DocumentWriter {
  readonly #names = new Set<string>();

  write({ source, name }: DocumentBlock): Json {
    if (source.type === 'url') {
      throw refusedContent('document by URL', 'documents as base64 data: this provider does not fetch URLs');
    }
    const format = source.type === 'text' ? 'txt' : formatOf(source.mediaType, name);
    if (format === undefined) throw refusedContent('document', `documents of the formats ${formats()}`);
    if (this.#names.size === MOST_DOCUMENTS) {
      throw refusedContent('documents', `${MOST_DOCUMENTS} documents in a request at most`);
    }
    const bytes = source.type === 'text' ? Buffer.from(source.text).toString('base64') : source.data;
    return { document: { format, name: this.#ownName(name), source: { bytes } } };
  }

  /** Letters, digits, single spaces, hyphens, parentheses and square brackets are all that a name may hold. */
  #ownName(name: string | undefined): string {
    const plain = (name ?? '')
      .replace(/\.[A-Za-z0-9]{1,5}$/, '')
      .replace(/[^A-Za-z0-9\s\-()[\]]/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, LONGEST_NAME - ' (5)'.length)
      .trim();
    const base = plain === '' ? 'document' : plain;
    let own = base;
    for (let count = 2; this.#names.has(own); count++) own = `${base} (${count})`;
    this.#names.add(own);
    return own;
  }
}

const formats = (): string => [...DOCUMENT_FORMATS.values()].join(', ');

/** By media type, or by the ending of the name where the media type says nothing. */
const formatOf = (mediaType: string, name: string | undefined): string | undefined => {
  const known = DOCUMENT_FORMATS.get(mediaType);
  if (known !== undefined || mediaType !== 'application/octet-stream') return known;
  const ending = /\.([a-z]{2,4})$/i.exec(name ?? '')?.[1]?.toLowerCase();
  return [...DOCUMENT_FORMATS.values()].find((format) => format === ending);
};
