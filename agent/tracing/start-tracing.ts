import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { AgentPorts } from '../ports.ts';
import { boundedFlush } from './bounded-flush.ts';
import { notesModelSpan } from './model-span.ts';
import { type Env, readTracing } from './read-tracing.ts';
import { reportingExporter } from './reporting-exporter.ts';

export interface Tracing {
  /** Sends what ended so far. Never rejects, and does not wait for long. */
  flush(): Promise<void>;
  /** Sends the rest and stops. Never rejects, and does not wait for long. */
  stop(): Promise<void>;
}

const NOTHING: Tracing = { flush: async () => {}, stop: async () => {} };

/** So much later may an answer be; and so much of the time between SIGTERM and the end is for what is left. */
const FLUSH_MS = 500;
const STOP_MS = 3_000;

/**
 * Sends the spans of this process to the collector that the environment names, as OTLP over HTTP in JSON. Without one nothing
 * is registered, and the trace of a caller is passed on as it came.
 *
 * `env` has to be the environment of the process: the exporter reads its headers, its time limits and its certificates there.
 *
 * Source: OpenTelemetry specification, "OTLP Exporter Configuration" and "Environment Variable Specification".
 */
export const startTracing = (
  env: Env,
  serviceName: string,
  { log, clock }: Pick<AgentPorts, 'log' | 'clock'>,
): Tracing => {
  const read = readTracing(env);
  if (read.type === 'off') {
    if (read.reason !== undefined) log({ event: 'traces_off', reason: read.reason });
    return NOTHING;
  }
  const exporter = reportingExporter(new OTLPTraceExporter({ url: read.url }), { ...read, log, clock });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }).merge(
      detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
    ),
    spanProcessors: [notesModelSpan, new BatchSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    flush: boundedFlush(() => provider.forceFlush(), FLUSH_MS),
    stop: boundedFlush(() => provider.shutdown(), STOP_MS),
  };
};
