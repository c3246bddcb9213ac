import type { Refusal } from '../core/refusal.ts';
import { writeOpenAiRefusal } from '../core/write-refusal.ts';
import type { Serve } from '../http/observed.ts';
import { writeRefusal as writeAnthropicRefusal } from './wire/anthropic-messages.ts';
import type { Json } from './wire/fields.ts';
import { type Style, styleOf } from './wire/models.ts';

type WriteRefusal = (refusal: Refusal, requestId: string) => Json;

/** For paths that do not say in whose dialect the caller speaks: built for each, chosen by the request's headers. */
export const inCallersStyle = (build: (style: Style, writeRefusal: WriteRefusal) => Serve): Serve => {
  const serve: Record<Style, Serve> = {
    openai: build('openai', writeOpenAiRefusal),
    anthropic: build('anthropic', writeAnthropicRefusal),
  };
  return (request, env) => serve[styleOf(request.headers)](request, env);
};
