import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Reads a text that the policy names, of at most 64 KB if nothing is said. Errors: `MessageFileError`. */
export type ReadText = (file: string, maxKilobytes?: number) => string;

/** The message goes after the place in the policy: `no file policies/a2as.md …`. */
export class MessageFileError extends Error {
  override readonly name = 'MessageFileError';

  constructor(
    message: string,
    /** There is no such file; other files may be there and of no use. */
    readonly isMissing = false,
  ) {
    super(message);
  }
}

const MAX_KILOBYTES = 64;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const sizeOf = (resolved: string): number | undefined => {
  try {
    const found = statSync(resolved);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
};

/** Reads beside and below the policy, and nowhere else: the policy and its texts are reviewed and shipped together. */
export const readTextBeside =
  (policyFile: string): ReadText =>
  (file, maxKilobytes = MAX_KILOBYTES) => {
    const directory = path.resolve(path.dirname(policyFile));
    const resolved = path.resolve(directory, file);
    if (path.isAbsolute(file) || !resolved.startsWith(path.join(directory, path.sep))) {
      throw new MessageFileError('expected the path of a file beside this one, or below');
    }
    const size = sizeOf(resolved);
    if (size === undefined) throw new MessageFileError(`no file ${file} beside this one`, true);
    if (size > maxKilobytes * 1024) throw new MessageFileError(`${file} is larger than ${maxKilobytes} KB`);
    const text = decode(readFileSync(resolved), file);
    if (text.trim() === '') throw new MessageFileError(`${file} is empty`);
    return text;
  };

const decode = (bytes: Uint8Array, file: string): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MessageFileError(`${file} is not UTF-8`);
  }
};
