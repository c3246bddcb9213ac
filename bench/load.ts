import { Agent } from 'undici';

export interface Target {
  readonly url: string;
  readonly path: string;
  readonly token: string;
  /** In place of a chat request. */
  readonly posted?: { readonly body: object; readonly headers: Readonly<Record<string, string>> };
}

const percentile = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;

export const median = (values: readonly number[]): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

const BODY = {
  model: 'm',
  messages: [
    { role: 'system', content: 'You are a helpful assistant. '.repeat(10) },
    { role: 'user', content: 'Tell me something of a usual length. '.repeat(15) },
  ],
};

export interface Load {
  readonly callsPerSecond: number;
  readonly calls: number;
  /** To the first byte of the body, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A closed loop: `concurrency` callers, each sends its next call when the last one is answered. */
export const load = async (target: Target, concurrency: number, seconds: number, stream = false): Promise<Load> => {
  const agent = new Agent({ connections: concurrency });
  const body = JSON.stringify({ ...(target.posted?.body ?? BODY), ...(stream ? { stream: true } : {}) });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${target.token}`,
    ...target.posted?.headers,
  };
  const taken: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      const sent = performance.now();
      const answer = await agent.request({ origin: target.url, path: target.path, method: 'POST', headers, body });
      if (answer.statusCode !== 200)
        throw new Error(`${target.path}: ${answer.statusCode} ${await answer.body.text()}`);
      let first = 0;
      for await (const _ of answer.body) first ||= performance.now() - sent;
      taken.push(first);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  const elapsed = (performance.now() - started) / 1000;
  await agent.close();
  const sorted = taken.toSorted((a, b) => a - b);
  return {
    callsPerSecond: taken.length / elapsed,
    calls: taken.length,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
};
