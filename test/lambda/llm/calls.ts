import { noFacts } from '../../../lambda/core/call.ts';
import type { Dialect, LlmCall } from '../../../lambda/core/llm.ts';
import { ANONYMOUS, type Principal } from '../../../lambda/core/principal.ts';
import type { WireDialect } from '../../../lambda/llm/wire/dialect.ts';
import type { Json } from '../../../lambda/llm/wire/fields.ts';

/** A call as `serve.ts` makes it of a body. */
export const callOf = (
  wire: Pick<WireDialect, 'readRequest'> & { readonly dialect: Dialect },
  body: Json,
  principal: Partial<Principal> = {},
): LlmCall => ({
  id: 'req_1',
  principal: { ...ANONYMOUS, ...principal },
  token: undefined,
  request: { method: 'POST', path: '/v1', headers: {}, ip: '127.0.0.1' },
  route: '/v1',
  signal: new AbortController().signal,
  facts: noFacts(),
  dialect: wire.dialect,
  model: String(body.model),
  stream: false,
  includeUsage: false,
  body,
  prompt: wire.readRequest(body),
  dialectHeaders: {},
});
