/** Bytes in the pieces they are given in, one turn of the event loop between them. */
export async function* bytesOf(...pieces: readonly (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
}

export async function* iterate<T>(values: Iterable<T>): AsyncIterable<T> {
  yield* values;
}

export const collect = async <T>(values: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
};

/** What came before a sequence broke off, and what it broke off with. */
export const collectUntilError = async <T>(values: AsyncIterable<T>): Promise<{ all: T[]; error: unknown }> => {
  const all: T[] = [];
  try {
    for await (const value of values) all.push(value);
    return { all, error: undefined };
  } catch (error) {
    return { all, error };
  }
};
