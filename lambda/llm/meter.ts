import type { Clock } from '../core/clock.ts';
import { type LlmPart, NO_USAGE, type Usage } from '../core/llm.ts';
import type { Exchange } from '../telemetry/exchange.ts';

/** Characters a token has on average, where nobody counted. */
const CHARS_PER_TOKEN = 4;

/**
 * Watches an answer go by and tells the record what it used, also when it is cut off or the caller leaves. A provider that
 * did not get to report usage is estimated, and the record says so: zero would be a lie (R109).
 */
export async function* meter(
  parts: AsyncIterable<LlmPart>,
  promptChars: number,
  exchange: Exchange,
  clock: Clock,
): AsyncIterable<LlmPart> {
  let usage: Partial<Usage> = {};
  let chars = 0;
  /** Of them, those that no report of usage has come after. */
  let unreported = 0;
  let whole = false;
  try {
    for await (const part of parts) {
      switch (part.type) {
        case 'start':
          if (part.model !== '')
            exchange.note({ served: { provider: exchange.llm?.served?.provider ?? '', model: part.model } });
          break;
        case 'text':
        case 'thinking':
          chars += part.text.length;
          unreported += part.text.length;
          break;
        case 'tool-arguments':
          chars += part.json.length;
          unreported += part.json.length;
          break;
        case 'usage':
          usage = { ...usage, ...part.usage };
          unreported = 0;
          break;
        case 'end':
          whole = true;
          break;
        case 'finish':
          exchange.note({ finish: part.reason });
          break;
        default:
          break;
      }
      if (chars > 0 && exchange.llm?.firstTokenMs === undefined) exchange.note({ firstTokenMs: clock() });
      yield part;
    }
  } finally {
    const settled = settledUsage(usage, promptChars, chars);
    exchange.note({ usage: whole || unreported === 0 ? settled : cutOff(settled, chars) });
  }
}

/** The provider's last word on its output came before the last of its output. */
const cutOff = (usage: Usage, chars: number): Usage => ({
  ...usage,
  output: Math.max(usage.output, Math.ceil(chars / CHARS_PER_TOKEN)),
  estimated: true,
});

/** `promptChars` and `outputChars`: how much was said each way, for what the provider did not count. */
export const settledUsage = (usage: Partial<Usage>, promptChars: number, outputChars: number): Usage => {
  const counted = { ...NO_USAGE, ...usage };
  const estimate = (known: number, chars: number): number => Math.max(known, Math.ceil(chars / CHARS_PER_TOKEN));
  const knowsInput = counted.input + counted.cacheRead + counted.cacheWrite > 0;
  // Anthropic reports one output token at the start and the true number at the end: a cut stream has only the first.
  const plausible = counted.output >= Math.ceil(outputChars / (CHARS_PER_TOKEN * 4));
  if (knowsInput && plausible) return counted;
  return {
    ...counted,
    input: knowsInput ? counted.input : estimate(0, promptChars),
    output: plausible ? counted.output : estimate(counted.output, outputChars),
    estimated: true,
  };
};
