/**
 * Parameters of OAuth, each once. RFC 6749 §3.1: repeated ones are an error, because two readers could each take another.
 * `resource` may be repeated (RFC 8707 §2); it is read by nobody here and left out.
 */
export const readParameters = (given: URLSearchParams): ReadonlyMap<string, string> | undefined => {
  const read = new Map<string, string>();
  for (const [name, value] of given) {
    if (name === 'resource') continue;
    if (read.has(name)) return undefined;
    read.set(name, value);
  }
  return read;
};
