/** A body of which no more than is good for us is read. `bytes` are whole chunks, and all of them if `isWhole`. */
export interface Read {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/**
 * Reads a body from elsewhere, and gives it up when it turns out larger than `maxBytes`.
 *
 * Errors: those of the body itself, when it breaks off.
 */
export const readAtMost = async (
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  maxBytes: number,
): Promise<Read> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      body.destroy();
      return { bytes: Buffer.concat(chunks), isWhole: false };
    }
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), isWhole: true };
};
