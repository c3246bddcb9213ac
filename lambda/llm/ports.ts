import type { Credentials } from '../core/credentials.ts';
import type { ObservedPorts } from '../http/observed.ts';
import type { LimitCounter } from '../policy/limit-counter.ts';
import type { ProviderHealth } from '../providers/provider-health.ts';
import type { Send } from '../providers/send.ts';
import type { SignRequest } from '../providers/sign-request.ts';
import type { Vocabulary } from './lazy-vocabulary.ts';

/** What the app needs of the world. */
export interface LlmPorts extends ObservedPorts {
  readonly counter: LimitCounter;
  readonly credentials: Credentials;
  readonly send: Send;
  /** Absent where this process has no identity in AWS. */
  readonly sign?: SignRequest;
  readonly health: ProviderHealth;
  /** Counts for OpenAI's models. Absent: their vocabulary is not there, and prompts are estimated. */
  readonly vocabulary?: Vocabulary;
  /** From 0 up to 1. */
  readonly random: () => number;
}
