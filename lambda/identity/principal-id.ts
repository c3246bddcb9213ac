import { hash } from 'node:crypto';

/** `Principal.id`: one value for issuer and stable subject together. As JSON, so that no choice of either can look like another pair. */
export const principalId = (issuer: string, stableSubject: string): string =>
  hash('sha256', JSON.stringify([issuer, stableSubject]), 'base64url');
