import type { MediaSource } from '../../core/llm.ts';
import { invalid } from './fields.ts';

/** A media type with its parameters is never longer. */
const MAX_TYPE_CHARS = 1_000;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** `image/jpg` is not a media type, but it is common. */
const ALIASES = new Map([['image/jpg', 'image/jpeg']]);

/**
 * A data URL (RFC 2397) or an http(s) URL. Tolerant of case, of further parameters and of text that is percent-encoded
 * instead of base64 (R86).
 */
export const readMediaUrl = (url: string, param: string): MediaSource => {
  if (/^https?:\/\//i.test(url)) return { type: 'url', url };
  if (!/^data:/i.test(url)) throw invalid(param, 'expected an http(s) URL or a data URL');
  const comma = url.indexOf(',');
  if (comma < 0 || comma > MAX_TYPE_CHARS) throw invalid(param, 'expected a data URL with a comma before its data');
  const [type = '', ...parameters] = url.slice('data:'.length, comma).toLowerCase().split(';');
  const mediaType = ALIASES.get(type.trim()) ?? (type.trim() || 'text/plain');
  const data = url.slice(comma + 1);
  if (parameters.some((parameter) => parameter.trim() === 'base64')) return base64(mediaType, data, param);
  return { type: 'base64', mediaType, data: Buffer.from(decode(data, param), 'utf8').toString('base64') };
};

export const base64 = (mediaType: string, data: string, param: string): MediaSource => {
  if (data.length === 0 || !BASE64.test(data)) throw invalid(param, 'expected base64 data');
  return { type: 'base64', mediaType: ALIASES.get(mediaType) ?? mediaType, data };
};

const decode = (text: string, param: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(param, 'expected percent-encoded text');
  }
};
