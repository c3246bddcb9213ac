import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { IncomingAnswer } from '../providers/send.ts';

/** What an answer that is none means, and whether asking the same again may help. */
export interface Failure {
  readonly refusal: Refusal;
  readonly retry: 'no' | 'yes' | 'while-busy';
  /** How long the service wants to be left alone, where it says so. */
  readonly askedMs?: number;
}

type Row = readonly [RefusalCode, Failure['retry']];

/** Source: AgentCore developer guide, "Troubleshoot AgentCore Runtime"; data plane API reference, InvokeAgentRuntime, "Errors". */
const BY_TYPE: ReadonlyMap<string, Row> = new Map([
  ['ValidationException', ['upstream_rejected', 'no']],
  ['UnauthorizedException', ['agent_auth', 'no']],
  ['AccessDeniedException', ['agent_auth', 'no']],
  ['ServiceQuotaExceededException', ['agent_quota', 'no']],
  ['ResourceNotFoundException', ['agent_unavailable', 'no']],
  ['ConflictException', ['agent_busy', 'no']],
  ['RetryableConflictException', ['agent_busy', 'while-busy']],
  ['RuntimeClientError', ['agent_failed', 'no']],
  ['ThrottlingException', ['upstream_limited', 'yes']],
  ['InternalServerException', ['upstream_failed', 'yes']],
]);

const BY_STATUS: ReadonlyMap<number, Row> = new Map([
  [400, ['upstream_rejected', 'no']],
  [401, ['agent_auth', 'no']],
  [402, ['agent_quota', 'no']],
  [403, ['agent_auth', 'no']],
  [404, ['agent_unavailable', 'no']],
  [409, ['agent_busy', 'no']],
  [413, ['upstream_too_large', 'no']],
  [424, ['agent_failed', 'no']],
  [429, ['upstream_limited', 'yes']],
  [500, ['upstream_failed', 'yes']],
  [502, ['upstream_failed', 'yes']],
  [503, ['upstream_busy', 'yes']],
  [504, ['upstream_failed', 'yes']],
]);

/** The wrong inbound mode is refused like any stranger, and only its words say so. */
const MODE_MISMATCH = /authorization method mismatch/i;

const WAITED_FOR: ReadonlySet<RefusalCode> = new Set(['agent_busy', 'upstream_limited']);

/** The name in `x-amzn-ErrorType` decides, else the status. Nothing of the body goes further than what it means. */
export const runtimeFailure = ({ status, headers }: IncomingAnswer, body: string): Failure => {
  const type = /^[A-Za-z]{1,80}/.exec(headers['x-amzn-errortype'] ?? '')?.[0];
  const [code, retry] = BY_TYPE.get(type ?? '') ?? BY_STATUS.get(status) ?? ['upstream_failed', 'no'];
  const detail = {
    status,
    ...(type === undefined ? {} : { type }),
    ...(MODE_MISMATCH.test(body) ? { reason: 'the runtime takes another inbound mode' } : {}),
  };
  const asked = askedSeconds(headers['retry-after']);
  const wait = asked ?? (WAITED_FOR.has(code) ? 1 : undefined);
  const refusal = new Refusal(code, detail, wait === undefined ? {} : { retryAfterSeconds: wait });
  return { refusal, retry, ...(asked === undefined ? {} : { askedMs: asked * 1_000 }) };
};

const askedSeconds = (value: string | undefined): number | undefined => {
  const seconds = Number(value);
  return seconds >= 1 && seconds <= 3_600 ? Math.ceil(seconds) : undefined;
};
