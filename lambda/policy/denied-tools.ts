import type { CatalogTool } from '../core/mcp.ts';
import { foldName } from './fold-name.ts';
import { compileGlob } from './glob.ts';

/**
 * The pattern that denies a tool, by its own name or by the one that clients use; `undefined` where none does. Case and
 * separators make no difference, so `delete_*` is `delete*`: a deny that hides a tool too many is seen, one too few is not.
 */
export const createDeniedBy = (patterns: readonly string[]): ((tool: CatalogTool) => string | undefined) => {
  const globs = patterns.map((pattern) => ({ pattern, glob: compileGlob(pattern, foldName) }));
  return ({ target, name, exposedName }) => {
    const [own, exposed] = [foldName(name), foldName(exposedName)];
    const server = exposedName.startsWith(`${target}__`) ? foldName(target).length : 0;
    return globs.find(({ glob }) => {
      // `drop_*` is not about every tool of a server that happens to be called dropbox.
      const isAboutExposed = glob.start === '' || glob.start.length >= server;
      return glob.matches(own) || (isAboutExposed && glob.matches(exposed));
    })?.pattern;
  };
};
