import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** The least that can be deployed as an agent. */
const [, , directory = ''] = process.argv;
writeFileSync(path.join(directory, 'main.js'), 'export {};\n');
writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}\n');
