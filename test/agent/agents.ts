import type { AgentErrorCode } from '../../agent/agent-error.ts';
import type { AgentPorts } from '../../agent/ports.ts';
import { readSettings } from '../../agent/settings.ts';
import { NOW, NOW_MS } from '../lambda/identity/issuer.ts';

/** A token that nobody signed, for what does not check signatures. */
export const unsigned = (claims: Record<string, unknown>): string =>
  [
    { alg: 'RS256', kid: 'k' },
    { exp: NOW + 300, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
    .concat('.c2ln');

export const settingsOf = (more: Record<string, string> = {}) =>
  readSettings({ AGENT_NAME: 'copilot', INBOUND: 'obo', MODEL: 'smart', LLM_URL: 'http://127.0.0.1:9/v1', ...more });

/** Ports at a fixed time, without a network, that keep what is logged. */
export const portsAt = (more: Partial<AgentPorts> = {}) => {
  const logged: Readonly<Record<string, string | number>>[] = [];
  const ports: AgentPorts = {
    clock: () => NOW_MS,
    fetchJson: async () => {
      throw new Error('no network here');
    },
    log: (entry) => void logged.push(entry),
    ...more,
  };
  return { ports, logged };
};

export const invocation = (
  body: unknown = { prompt: 'hello' },
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Request =>
  new Request('http://agent/invocations', {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });

/** The code that a promise was refused with. Fails if it was not refused. */
export const agentErrorOf = async (answer: Promise<unknown>): Promise<AgentErrorCode> => {
  const thrown: unknown = await answer.then(
    () => new Error('was accepted'),
    (error: unknown) => error,
  );
  if ((thrown as Error).name !== 'AgentError') throw thrown;
  return (thrown as { code: AgentErrorCode }).code;
};
