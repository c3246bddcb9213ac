import * as z from 'zod';
import { gatewayConfigSchema } from './schema.ts';

/** `config/schema.json` as it has to stand in the repository. */
export const gatewayJsonSchema = (): string =>
  `${JSON.stringify(z.toJSONSchema(gatewayConfigSchema, { io: 'input' }), null, 2)}\n`;
