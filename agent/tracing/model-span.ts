import { type Context, context, createContextKey, propagation, type SpanContext, trace } from '@opentelemetry/api';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';

/** The span of the last call to the model, in one invocation. */
interface Noted {
  span?: SpanContext;
}

const NOTED = createContextKey('gatehouse: the span of the model');

export const withModelSpan = (invocation: Context): Context => invocation.setValue(NOTED, {} satisfies Noted);

const notedIn = (about: Context): Noted | undefined => about.getValue(NOTED) as Noted | undefined;

/** The library makes a span for each call to the model and does not make it the active one, as it does for tools. */
export const notesModelSpan: SpanProcessor = {
  onStart: (span, parent) => {
    const noted = notedIn(parent);
    if (noted !== undefined && span.attributes['gen_ai.operation.name'] === 'chat') noted.span = span.spanContext();
  },
  onEnd: () => {},
  forceFlush: async () => {},
  shutdown: async () => {},
};

const headersIn = (about: Context): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {};
  propagation.inject(about, headers);
  return headers;
};

/** W3C Trace Context for a call to a tool: nothing where nothing traces. */
export const toolTrace = (): Readonly<Record<string, string>> => headersIn(context.active());

/** W3C Trace Context for a call to the model: nothing where nothing traces. */
export const modelTrace = (): Readonly<Record<string, string>> => {
  const active = context.active();
  const { span } = notedIn(active) ?? {};
  return headersIn(span === undefined ? active : trace.setSpanContext(active, span));
};
