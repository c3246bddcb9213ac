import type { CompiledLlmProvider } from '../../config/compiled.ts';
import { Patience } from './patience.ts';
import type { ListedModel } from './provider.ts';
import { PROVIDERS } from './registry.ts';
import { readAnswer, sendWithCredential, type UpstreamPorts } from './upstream.ts';

/** Nobody waits longer for a list, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Asks a provider which models it has. Errors: as for a call. */
export const listUpstreamModels = async (
  config: CompiledLlmProvider,
  ports: UpstreamPorts,
  signal: AbortSignal,
): Promise<readonly ListedModel[]> => {
  const provider = PROVIDERS[config.kind];
  if (provider === undefined) return [];
  const attempt = new Patience(signal, PATIENCE_MS);
  try {
    const answer = await sendWithCredential(provider, provider.listModels(), config, ports, attempt.signal);
    return provider.toModels(await readAnswer(answer, provider));
  } finally {
    attempt.done();
  }
};
