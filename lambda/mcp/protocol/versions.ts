/** The versions of MCP that are served. Each request says which one it means; nothing is remembered between two. */
export const MODERN_VERSIONS = ['2026-07-28'] as const;

/** Newest first. 2024-11-05 has another transport. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;

/** What a request without the header is taken for (MCP 2025-06-18, "Protocol Version Header"). */
export const UNTOLD_VERSION = '2025-03-26';

export type Era = 'modern' | 'legacy';

export const isOneOf = (versions: readonly string[], version: unknown): version is string =>
  versions.some((one) => one === version);

/** Versions are dates: every one from the first without sessions on. */
export const isModern = (version: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(version) && version >= MODERN_VERSIONS[0];

export const SERVER_INFO = { name: 'gatehouse', version: '0.1.0' };
