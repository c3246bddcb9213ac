import { MessageFileError, type ReadText } from './message-file.ts';
import { MAX_LOCKFILE_BYTES } from './pins.ts';
import type { GatewayConfig } from './schema.ts';

const MAX_KILOBYTES = { document: 5 * 1024, lockfile: MAX_LOCKFILE_BYTES / 1024 };

export const readDocument = (read: ReadText, file: string): string => read(file, MAX_KILOBYTES.document);

/** `undefined` before anything was approved: then there is no such file. Errors: `MessageFileError` for any other reason. */
export const readLockfileText = (read: ReadText, file: string): string | undefined => {
  try {
    return read(file, MAX_KILOBYTES.lockfile);
  } catch (error) {
    if (error instanceof MessageFileError && error.isMissing) return undefined;
    throw error;
  }
};

/** The policy with the files read in that it names: what is compiled needs no disk. Takes one that was checked. */
export const readPolicyFiles = (config: GatewayConfig, read: ReadText, lockfiles: 'read' | 'ignore'): GatewayConfig => {
  const documents = Object.values(config.mcp?.servers ?? {}).flatMap((server) =>
    'openapi' in server ? [[server.openapi, readDocument(read, server.openapi)] as const] : [],
  );
  const pinnings = Object.values(config.mcp?.routes ?? {}).flatMap(({ pinning }) => pinning ?? []);
  const locks = pinnings.flatMap(({ mode, lockfile }) => {
    if (lockfiles === 'ignore' || mode === 'off' || lockfile === undefined) return [];
    const text = readLockfileText(read, lockfile);
    return text === undefined ? [] : [[lockfile, text] as const];
  });
  const keys = Object.values(config.tokens?.clients ?? {}).flatMap(({ authentication }) =>
    'privateKeyJwt' in authentication && 'jwks' in authentication.privateKeyJwt
      ? [authentication.privateKeyJwt.jwks]
      : [],
  );
  const files = Object.fromEntries([...documents, ...locks, ...keys.map((file) => [file, readDocument(read, file)])]);
  return Object.keys(files).length === 0 ? config : { ...config, files };
};
