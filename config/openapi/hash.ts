import { createHash } from 'node:crypto';

/** The first 8 hex digits of a SHA-256: tells names apart that would otherwise be one. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
