import type { Refusal } from '../core/refusal.ts';
import { writeOpenAiRefusal } from '../core/write-refusal.ts';
import type { Surface } from '../http/observed.ts';

/** How a call to an agent is refused: as models are, so that one client reads both. */
export const agentSurface: Surface = { name: 'agents', writeRefusal: writeOpenAiRefusal };

/** After the first byte a failure can only be an event. */
export const writeErrorEvent = (refusal: Refusal): string =>
  `event: error\ndata: ${JSON.stringify(writeOpenAiRefusal(refusal))}\n\n`;
