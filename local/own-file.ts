import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface OwnFile<Value> {
  /** `undefined` for text that holds something else. */
  parse(text: string): Value | undefined;
  /** The text of a new one. */
  make(): Promise<string>;
  /** What it should hold, in a sentence: `not a local identity`. */
  readonly otherwise: string;
}

/**
 * Reads a file with secrets of this machine, or makes it, readable by its owner only.
 *
 * Shape:  one winner: processes that start together all get what reached the path first.
 * Errors: a plain `Error` that names the file when it holds something else. Never overwrites it, never quotes it.
 */
export const openOwnFile = async <Value>(path: string, file: OwnFile<Value>): Promise<Value> => {
  const known = await read(path, file);
  if (known !== undefined) return known;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A link, unlike a rename, fails when the path exists: whoever comes second must not replace a key already in use.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, await file.make(), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const made = await read(path, file);
  if (made === undefined) throw new Error(`${path} was removed while it was being made`);
  return made;
};

const read = async <Value>(path: string, { parse, otherwise }: OwnFile<Value>): Promise<Value | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const value = parse(text);
  if (value === undefined) throw new Error(`${path} is ${otherwise}: delete it and it is made again`);
  return value;
};
