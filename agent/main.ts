import { createAgent } from './app.ts';
import { fetchJson } from './fetch-json.ts';
import { serve } from './serve.ts';
import { readSettings } from './settings.ts';
import { startTracing } from './tracing/start-tracing.ts';

/** What AgentCore gives a container between the signal and its end. */
const GRACE_MS = 10_000;

const log = (entry: Readonly<Record<string, string | number>>): void => {
  process.stdout.write(`${JSON.stringify(entry)}\n`);
};

const settings = readSettings(process.env);
const clock = (): number => Date.now();
const tracing = startTracing(process.env, settings.name, { log, clock });
const server = serve(createAgent(settings, { clock, fetchJson, log, flushTraces: tracing.flush }));
// AgentCore reaches the container from outside, at this port.
server.listen(Number(process.env.PORT ?? 8080), '0.0.0.0', () => log({ event: 'listening', agent: settings.name }));

const stop = (): void => {
  // What is being answered is finished; a connection that only waits is closed at once.
  server.close(() => void tracing.stop().then(() => process.exit(0)));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), GRACE_MS).unref();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
