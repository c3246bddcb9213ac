import type { CelVariables } from '../../config/cel.ts';
import type { CompiledLlmRoute } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import { variablesOf } from '../policy/variables.ts';

/** A call that names a model, whatever it wants of it. */
export interface ModelCall extends Call {
  readonly model: string;
  readonly stream?: boolean;
  /** Absent: embeddings. */
  readonly dialect?: string;
  /** From 0 up to 1, drawn once. */
  readonly drawn?: number;
}

/** Of a route that has a model of its own, that one: a name which decides nothing must not buy a counter of its own. */
export const callVariables = (route: CompiledLlmRoute, call: ModelCall, provider: string): CelVariables =>
  variablesOf(call, {
    llm: {
      model: route.model ?? call.model,
      provider,
      stream: call.stream ?? false,
      route: route.path,
      surface: call.dialect ?? 'embeddings',
    },
  });
