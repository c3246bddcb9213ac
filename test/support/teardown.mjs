import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What workers shared (see synth.ts) goes with the run. */
export default () => {
  rmSync(path.join(tmpdir(), `gatehouse-synths-of-${process.pid}`), { recursive: true, force: true });
};
