import { readFileSync, writeFileSync } from 'node:fs';
import { rotateKey, statusOfKeys } from './rotate-keys.ts';

const HELP = `npm run keys -- status            which key of the gateway's own tokens signs, and which are published
npm run keys -- rotate            the next key signs: edits tokens.signingKey in gateway.yaml, and keeps its comments
npm run keys -- rotate <file>     the same in another file

docs/runbooks/rotate-token-keys.md says when, and what comes after.`;

const [command, file = 'gateway.yaml'] = process.argv.slice(2);

try {
  if (command === 'status') console.log(statusOfKeys(readFileSync(file, 'utf8')));
  else if (command === 'rotate') {
    const { text, says } = rotateKey(readFileSync(file, 'utf8'));
    writeFileSync(file, text);
    console.log(says);
  } else {
    console.log(HELP);
    if (command !== '--help' && command !== '-h' && command !== undefined) process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
