import type { CatalogTool, Raw } from './mcp.ts';

/** What was found out about tools. */
export interface ToolMemory<Value> {
  get(tool: CatalogTool): Value | undefined;
  set(tool: CatalogTool, value: Value): void;
}

/**
 * Remembers for as long as the list that a tool is in, and then for as long as its definition is the same object. A `WeakMap` of
 * definitions would do; thousands of entries in one make each collection of garbage slower, and each list brings thousands.
 */
export const createToolMemory = <Value>(): ToolMemory<Value> => {
  const lists = new WeakMap<CatalogTool['list'], Map<Raw, Value>>();
  return {
    get: ({ list, definition }) => lists.get(list)?.get(definition),
    set({ list, definition }, value) {
      const known = lists.get(list) ?? new Map<Raw, Value>();
      lists.set(list, known.set(definition, value));
    },
  };
};
