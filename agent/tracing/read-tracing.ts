export type Env = Readonly<Record<string, string | undefined>>;

export type TracingSettings =
  /** With a reason if somebody asked for traces and can't have them. */
  | { readonly type: 'off'; readonly reason?: string }
  | { readonly type: 'otlp'; readonly url: string; readonly withContent: boolean };

/**
 * Where spans go, as the environment says it. A mistake turns traces off with a reason, since no agent should stand still for
 * them. An empty variable is one that is not set; values are never repeated: an address may hold a password.
 *
 * Source: OpenTelemetry specification, "OTLP Exporter Configuration" and "Environment Variable Specification"; its semantic
 *         conventions for generative AI for `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`.
 */
export const readTracing = (env: Env): TracingSettings => {
  const traces = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (isTrue(env.OTEL_SDK_DISABLED) || (!traces && !base)) return { type: 'off' };
  const exporters = (env.OTEL_TRACES_EXPORTER || 'otlp').split(',').map((one) => one.trim());
  if (exporters.includes('none')) return { type: 'off' };
  if (!exporters.includes('otlp'))
    return off('OTEL_TRACES_EXPORTER: only otlp and none are known here: set one of them');
  if ((env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL) === 'grpc')
    return off(
      "OTEL_EXPORTER_OTLP_PROTOCOL: grpc is not spoken here: set http/json, and the collector's address for HTTP",
    );
  // A base address gets the path of the signal, one for traces is taken as it is.
  const name = traces ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const url = traces || `${base?.replace(/\/$/, '')}/v1/traces`;
  if (!isWebAddress(url)) return off(`${name} is not a web address: set one that starts with http:// or https://`);
  return { type: 'otlp', url, withContent: isTrue(env.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT) };
};

const off = (reason: string): TracingSettings => ({ type: 'off', reason });

const isTrue = (value: string | undefined): boolean => value?.toLowerCase() === 'true';

const isWebAddress = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
