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

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};
