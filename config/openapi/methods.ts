/** Methods that become tools. TRACE never does: it answers with the credential that was sent. */
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;

export type Method = (typeof METHODS)[number];

export const isMethod = (key: string): key is Method => (METHODS as readonly string[]).includes(key);
