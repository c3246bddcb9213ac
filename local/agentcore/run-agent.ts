import { createAgent } from '../../agent/app.ts';
import { fetchJson } from '../../agent/fetch-json.ts';
import { readSettings } from '../../agent/settings.ts';
import type { Clock } from '../../lambda/core/clock.ts';
import type { Runtime } from './runtime.ts';

export interface RunAgentOptions {
  /** `EnvironmentVariables` of the runtime: all that a deployed container would know. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Takes each line that the agent logs. */
  readonly log: (entry: Readonly<Record<string, string | number>>) => void;
  /** Sends the spans of this process. Absent: nothing traces. */
  readonly flushTraces?: () => Promise<void>;
}

/**
 * The agent as it is deployed, in this process, as the container of a runtime.
 *
 * Errors: an `Error` that names the variable for an environment it can't work in.
 */
export const runAgent = ({ environment, ...ports }: RunAgentOptions): Runtime['container'] =>
  createAgent(readSettings(environment), { fetchJson, ...ports });
