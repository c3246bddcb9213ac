import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { AgentPorts } from '../ports.ts';
import { toSent } from './sent-span.ts';

export interface ReportingOptions extends Pick<AgentPorts, 'log' | 'clock'> {
  readonly withContent: boolean;
}

/** Between two lines about a collector that takes nothing. */
const REPORT_EVERY_MS = 60_000;

/** Sends what may leave of each span, and says now and then that spans were lost: once a minute, however many they are. */
export const reportingExporter = (
  exporter: SpanExporter,
  { withContent, log, clock }: ReportingOptions,
): SpanExporter => {
  let reportedMs = Number.NEGATIVE_INFINITY;
  let lost = 0;
  const report = (error: unknown): void => {
    if (clock() - reportedMs < REPORT_EVERY_MS) return;
    reportedMs = clock();
    log({ event: 'traces_lost', spans: lost, reason: reasonOf(error) });
    lost = 0;
  };
  return {
    export: (spans, done) =>
      exporter.export(
        spans.map((span) => toSent(span, withContent)),
        (result) => {
          // 0 is success: the names of the codes are in a package that only the exporter needs.
          if (result.code !== 0) {
            lost += spans.length;
            report(result.error);
          }
          done(result);
        },
      ),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
};

/** The code, since a message quotes the collector, and it the headers perhaps. */
const reasonOf = (error: unknown): string | number => {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((one) => typeof one === 'string' || typeof one === 'number') ?? 'unknown';
};
