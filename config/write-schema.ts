import { writeFileSync } from 'node:fs';
import { gatewayJsonSchema } from './json-schema.ts';

writeFileSync(new URL('./schema.json', import.meta.url), gatewayJsonSchema());
