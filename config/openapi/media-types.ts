/** `type/subtype`, without parameters, lower case. */
export const essence = (mediaType: string): string => (mediaType.split(';')[0] ?? '').trim().toLowerCase();

export const isJson = (mediaType: string): boolean => {
  const type = essence(mediaType);
  return (
    type === 'application/json' ||
    type === 'text/json' ||
    type === '*/*' ||
    /^application\/(\*|[^/]*\+json)$/.test(type)
  );
};

export const FORM = 'application/x-www-form-urlencoded';
export const MULTIPART = 'multipart/form-data';
export const BYTES = 'application/octet-stream';

/** O7, best first. Wildcards are sent as JSON. */
const PREFERENCE: readonly ((type: string) => boolean)[] = [
  (type) => type === 'application/json',
  isJson,
  (type) => type === FORM,
  (type) => type === MULTIPART,
  (type) => type === BYTES,
  (type) => type === 'text/plain',
];

/** The media type to send, as the document writes it; `undefined` when there is none that we can write. */
export const preferredType = (types: readonly string[]): string | undefined => {
  for (const isWanted of PREFERENCE) {
    const found = types.find((type) => isWanted(essence(type)));
    if (found !== undefined) return found;
  }
  return undefined;
};

/** What goes into `content-type` for it. */
export const sentType = (type: string): string => (essence(type).includes('*') ? 'application/json' : essence(type));
