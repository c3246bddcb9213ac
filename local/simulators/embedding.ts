/** FNV-1a, 32 bits. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value;
};

/** A vector of length 1 that depends on the text alone. */
export const embedding = (text: string, dimensions: number): number[] => {
  let state = hash(text) || 1;
  const raw = Array.from({ length: dimensions }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state | 0) / 0x80000000;
  });
  const size = Math.hypot(...raw);
  return raw.map((value) => value / size);
};
