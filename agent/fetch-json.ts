import type { AgentPorts } from './ports.ts';

const TIMEOUT_MS = 3_000;
const MAX_CHARACTERS = 512 * 1024;

/**
 * `fetchJson` over the network.
 *
 * Errors: an `Error` that says what was wrong; it never quotes the answer.
 */
export const fetchJson: AgentPorts['fetchJson'] = async (url) => {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) throw new Error(`the answer has status ${response.status}`);
  const text = await response.text();
  if (text.length > MAX_CHARACTERS) throw new Error('the answer is too large');
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON');
  }
};
