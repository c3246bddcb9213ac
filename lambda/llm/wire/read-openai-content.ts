import type { Block, CacheMark } from '../../core/llm.ts';
import { invalid, isObject, type Json, objectAt, stringAt } from './fields.ts';
import { readMediaUrl } from './media.ts';

/** R2: a string or an array of parts, for every role. */
export const readContent = (content: unknown, at: string): Block[] => {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(at, 'expected a string or an array of parts');
  return content.map((raw, index) => readPart(objectAt(raw, `${at}[${index}]`), `${at}[${index}]`));
};

type PartReader = (part: Json, at: string) => Block;

const PARTS = new Map<unknown, PartReader>([
  ['text', (part, at) => ({ type: 'text', text: stringAt(part.text, `${at}.text`), ...cacheOf(part) })],
  ['refusal', (part, at) => ({ type: 'text', text: stringAt(part.refusal, `${at}.refusal`) })],
  [
    'image_url',
    (part, at) => {
      const image = objectAt(part.image_url, `${at}.image_url`);
      const source = readMediaUrl(stringAt(image.url, `${at}.image_url.url`), `${at}.image_url.url`);
      return {
        type: 'image',
        source,
        ...(typeof image.detail === 'string' ? { detail: image.detail } : {}),
        ...cacheOf(part),
      };
    },
  ],
  [
    'file',
    (part, at) => {
      const file = objectAt(part.file, `${at}.file`);
      if (file.file_data === undefined)
        return { type: 'other', dialect: 'openai-chat', kind: 'uploaded file', raw: part };
      const source = readMediaUrl(stringAt(file.file_data, `${at}.file.file_data`), `${at}.file.file_data`);
      return {
        type: 'document',
        source,
        ...(typeof file.filename === 'string' ? { name: file.filename } : {}),
        ...cacheOf(part),
      };
    },
  ],
  [
    'input_audio',
    (part, at) => {
      const audio = objectAt(part.input_audio, `${at}.input_audio`);
      return {
        type: 'audio',
        format: stringAt(audio.format, `${at}.input_audio.format`),
        data: stringAt(audio.data, `${at}.input_audio.data`),
      };
    },
  ],
]);

const readPart: PartReader = (part, at) => {
  const type = stringAt(part.type, `${at}.type`);
  const reader = PARTS.get(type);
  return reader === undefined
    ? { type: 'other', dialect: 'openai-chat', kind: 'content part', raw: part }
    : reader(part, at);
};

export const cacheOf = (from: Json): { cache?: CacheMark } => {
  const mark = from.cache_control;
  if (!isObject(mark) || mark.type !== 'ephemeral') return {};
  return { cache: mark.ttl === '1h' ? { ttl: '1h' } : {} };
};

/** A mark on a whole message belongs after its last block (R99); thinking takes none. */
export const markLast = <B extends Block>(blocks: B[], message: Json): B[] => {
  const mark = cacheOf(message);
  const last = blocks.at(-1);
  if (mark.cache === undefined || last === undefined || !MARKABLE.has(last.type)) return blocks;
  return [...blocks.slice(0, -1), { ...last, ...mark }];
};

const MARKABLE: ReadonlySet<Block['type']> = new Set(['text', 'image', 'document', 'tool-call', 'tool-result']);
