import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** The repository: where a folder of an agent is looked for, whatever folder `cdk` was started in. */
const ROOT = path.resolve(import.meta.dirname, '..');

/** What AgentCore starts. */
export const ENTRY_POINT = 'main.js';

export const agentFolder = (folder: string): string => path.resolve(ROOT, folder);

/**
 * Bundles an agent for a zip, as its own folder says: `write-bundle.ts` there gets the folder to write `main.js` to. An agent
 * is a program of its own, of which the deployment knows nothing else.
 *
 * Shape:  `folder` from the root of the repository.
 * Errors: an `Error` with what the program wrote to its stderr; another if it wrote no `main.js`.
 */
export const bundleAgent = (folder: string, directory: string): void => {
  const program = path.join(agentFolder(folder), 'write-bundle.ts');
  if (!existsSync(program)) throw new Error(`agents: there is no ${path.join(folder, 'write-bundle.ts')}`);
  execFileSync(process.execPath, ['--import', 'tsx', program, directory], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (!existsSync(path.join(directory, ENTRY_POINT)))
    throw new Error(`agents: ${path.join(folder, 'write-bundle.ts')} wrote no ${ENTRY_POINT}`);
};
