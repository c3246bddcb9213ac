import type { CatalogTool } from '../core/mcp.ts';
import { foldName } from './fold-name.ts';
import { compileGlob } from './glob.ts';

/**
 * The pattern that denies a tool, by its own name or by the one that clients use; `undefined` where none does. Case and
 * separators make no difference, so `delete_*` is `delete*`: a deny that hides a tool too many is seen, one too few is not.
 */
export const createDeniedBy = (patterns: readonly string[]): ((tool: CatalogTool) => string | undefined) => {
  const globs = patterns.map((pattern) => ({ pattern, glob: compileGlob(pattern, foldName) }));
  const servers = new Map<string, string>();
  const foldServer = (target: string): string => {
    const folded = servers.get(target) ?? foldName(target);
    servers.set(target, folded);
    return folded;
  };

  return ({ target, name, exposedName }) => {
    const own = foldName(name);
    const head = `${target}__`;
    const server = exposedName.startsWith(head) ? foldServer(target) : '';
    // What stands before a separator is folded by itself, so that both pieces of an unchanged name are folded already.
    const exposed = exposedName === head + name ? server + own : foldName(exposedName);
    return globs.find(({ glob }) => {
      // `drop_*` is not about every tool of a server that happens to be called dropbox.
      const isAboutExposed = glob.start === '' || glob.start.length >= server.length;
      return glob.matches(own) || (isAboutExposed && glob.matches(exposed));
    })?.pattern;
  };
};
