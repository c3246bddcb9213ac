import type { CatalogTool } from '../core/mcp.ts';
import { foldName, foldNames } from './fold-name.ts';
import { compileGlob, type Glob } from './glob.ts';

/** Those of some tools of one server that are denied, with the pattern that denies them. */
export type DeniedBy = (tools: readonly CatalogTool[]) => ReadonlyMap<CatalogTool, string>;

interface Deny {
  readonly pattern: string;
  readonly glob: Glob;
}

/**
 * Which tools are denied, by their own name or by the one that clients use. Case and separators make no difference, so
 * `delete_*` is `delete*`: a deny that hides a tool too many is seen, one too few is not.
 */
export const createDeniedBy = (patterns: readonly string[]): DeniedBy => {
  const denies = patterns.map((pattern): Deny => ({ pattern, glob: compileGlob(pattern, foldName) }));
  return (tools) => {
    const denied = new Map<CatalogTool, string>();
    const target = tools[0]?.target;
    if (target === undefined || denies.length === 0) return denied;
    const head = `${target}__`;
    const server = foldName(target);
    const names = foldNames(tools.map(({ name }) => name));
    // Hardly a pattern is about any tool of a server, and one look at all names at once tells: what a pattern has to find in
    // a name has to be somewhere in their text.
    const text = server + names.join(`\n${server}`);
    const likely = denies.filter(({ glob }) => text.includes(glob.needle));

    tools.forEach((tool, index) => {
      const { name, exposedName } = tool;
      const isUnchanged = exposedName === head + name;
      if (likely.length === 0 && (isUnchanged || exposedName === name)) return;
      const own = names[index] ?? foldName(name);
      // What stands before a separator is folded by itself, so that both pieces of an unchanged name are folded already. A
      // name that was cut or changed is in no text above.
      const pattern = isUnchanged
        ? denying(likely, own, server + own, server)
        : denying(denies, own, foldName(exposedName), exposedName.startsWith(head) ? server : '');
      if (pattern !== undefined) denied.set(tool, pattern);
    });
    return denied;
  };
};

const denying = (denies: readonly Deny[], own: string, exposed: string, server: string): string | undefined =>
  denies.find(({ glob }) => {
    // `drop_*` is not about every tool of a server that happens to be called dropbox.
    const isAboutExposed = glob.start === '' || glob.start.length >= server.length;
    return glob.matches(own) || (isAboutExposed && glob.matches(exposed));
  })?.pattern;
