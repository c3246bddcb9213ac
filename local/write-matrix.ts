import { readFileSync, writeFileSync } from 'node:fs';
import { withMatrix } from './matrix.ts';

writeFileSync('README.md', withMatrix(readFileSync('README.md', 'utf8')));
