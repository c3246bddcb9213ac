import * as z from 'zod';
import { cel, flag, httpUrl, name, text } from './schema-values.ts';

export const telemetry = z
  .strictObject({
    capture: z.strictObject({ prompts: flag.optional(), completions: flag.optional() }).optional(),
    export: z
      .record(
        name,
        z.union([
          z.strictObject({ otlp: httpUrl, credential: name.optional() }),
          z.strictObject({ url: httpUrl, table: text('a table'), credential: name.optional() }),
        ]),
      )
      .optional(),
    labels: z.record(name, cel).optional().describe('Labels of metrics and records, in CEL'),
  })
  .describe('What is recorded, and where it goes');

export const deployment = z
  .strictObject({
    compute: z.enum(['lambda', 'managed-instances']).optional(),
    domain: z
      .strictObject({ name: text('a host name'), certificateArn: z.string('an ARN').startsWith('arn:', 'an ARN') })
      .optional(),
    waf: flag.optional(),
    alarms: z.strictObject({ email: z.email('an e-mail address') }).optional(),
  })
  .describe('What only the deployment in AWS has');
