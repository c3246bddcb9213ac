import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/**
 * Attributes without anything that was said: which model, which tool, how many tokens, when. Named one by one, so that what the
 * library adds one day stays here until somebody has looked at it.
 * Source: OpenTelemetry, semantic conventions for generative AI, and what Strands Agents writes.
 */
const FACTS = [
  /^gen_ai\.(operation\.name|system|provider\.name|request\.model|response\.(model|finish_reasons))$/,
  /^gen_ai\.agent\.(name|id|tools)$/,
  /^gen_ai\.tool\.(name|type|status|call\.id)$/,
  /^gen_ai\.usage\.[a-z_.]+$/,
  /^gen_ai\.server\.[a-z_.]+$/,
  /^gen_ai\.event\.(start|end)_time$/,
  /^(agent_loop|event_loop)\.[a-z_]+$/,
  /^(exception|error)\.type$/,
];

/** What was said is not sent with these even where content is: libraries quote in them what servers answered. */
const NEVER = /^exception\.(message|stacktrace)$/;

/**
 * What leaves of a span. Messages, arguments and results only `withContent`; of failures never more than the kind; and whatever
 * looks like a token never.
 */
export const toSent = (span: ReadableSpan, withContent: boolean): ReadableSpan => {
  const attributes = sentAttributes(span.attributes, withContent);
  const events = span.events
    .filter(({ name }) => withContent || name === 'exception')
    .map((event) => ({ ...event, attributes: sentAttributes(event.attributes ?? {}, withContent) }));
  return {
    name: withoutTokens(span.name),
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: { code: span.status.code },
    attributes,
    links: span.links,
    events,
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
};

const sentAttributes = (attributes: Attributes, withContent: boolean): Attributes =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => !NEVER.test(name) && (withContent || FACTS.some((fact) => fact.test(name))))
      .map(([name, value]) => [name, clean(value)]),
  );

const clean = (value: AttributeValue | undefined): AttributeValue | undefined => {
  if (typeof value === 'string') return withoutTokens(value);
  if (!Array.isArray(value)) return value;
  return value.map((one) => (typeof one === 'string' ? withoutTokens(one) : one)) as AttributeValue;
};

/** A tool may answer with the headers it was called with. */
const withoutTokens = (text: string): string =>
  text.replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[hidden]').replaceAll(/\b(bearer\s+)[\w.~+/=-]{8,}/gi, '$1[hidden]');
