import type { SchemaDetail } from './schema-writer.ts';

/** All that the document says. */
const FULL: SchemaDetail = { texts: true, references: Number.POSITIVE_INFINITY };

/** Less and less, down to the least that is still true. */
const LESS: readonly SchemaDetail[] = [
  { texts: false, references: Number.POSITIVE_INFINITY },
  { texts: false, references: 2 },
  { texts: false, references: 1 },
  { texts: false, references: 0 },
];

interface Version<Written> {
  readonly written: Written;
  /** How far down the list of details. */
  readonly detail: number;
  readonly bytes: number;
}

export type Fitting<Written> = (most: number) => Version<Written>;

/** Finds the fullest version that is small enough, or else the smallest. Each version is written once, however often it asks. */
export const createFitting = <Written extends object>(write: (detail: SchemaDetail) => Written): Fitting<Written> => {
  const versions: Version<Written>[] = [];
  const version = (index: number, detail: SchemaDetail): Version<Written> => {
    const known = versions[index];
    if (known !== undefined) return known;
    const written = write(detail);
    const made = { written, detail: index, bytes: Buffer.byteLength(JSON.stringify(written)) };
    versions[index] = made;
    return made;
  };
  return (most) => {
    const last = version(0, FULL);
    if (last.bytes <= most) return last;
    for (const [index, detail] of LESS.entries()) {
      const found = version(index + 1, detail);
      if (found.bytes <= most || index === LESS.length - 1) return found;
    }
    return last;
  };
};
