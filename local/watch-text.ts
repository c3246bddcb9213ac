import { readFileSync } from 'node:fs';

/** How often the file is looked at, in milliseconds: editors replace files in ways that file events miss. */
const LOOK_MS = 250;

/**
 * Tells of each change of a file's text from what it was when it was last read. A file that is away for a moment, as when an
 * editor replaces it, is no change.
 */
export const watchText = (file: string, known: string, changed: (text: string) => void): { close(): Promise<void> } => {
  let last = known;
  const timer = setInterval(() => {
    const text = readIfThere(file);
    if (text === undefined || text === last) return;
    last = text;
    changed(text);
  }, LOOK_MS);
  return { close: async () => clearInterval(timer) };
};

/** The same for several files, which need not be there yet, from what they are now. */
export const watchTexts = (files: readonly string[], changed: () => void): { close(): Promise<void> } => {
  const watching = [...new Set(files)].map((file) => watchText(file, readIfThere(file) ?? '', changed));
  return { close: async () => void (await Promise.all(watching.map((one) => one.close()))) };
};

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};
