import type { Json } from '../../lambda/providers/provider.ts';

interface Delta {
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly thinking_blocks?: readonly Json[];
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly function?: { readonly name?: string; readonly arguments?: string };
  }[];
}

interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly object: string;
  readonly created: number;
  readonly choices: readonly { readonly delta: Delta; readonly finish_reason: string | null }[];
  readonly usage?: Json | null;
  readonly error?: Json;
}

export interface Assembled {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly content: string | null;
  readonly reasoning: string;
  readonly thinkingBlocks: readonly Json[];
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finish: string | undefined;
  readonly usage: Json | undefined;
  readonly error: Json | undefined;
  /** `[DONE]` was seen. */
  readonly done: boolean;
  readonly chunks: readonly Chunk[];
}

/** Puts the chunks of a streamed chat completion together, as a client does. */
export const assembleChat = (text: string): Assembled => {
  const data = text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length));
  const chunks = data.filter((one) => one !== '[DONE]').map((one) => JSON.parse(one) as Chunk);
  const calls: { id: string; name: string; arguments: string }[] = [];
  let [content, reasoning, finish] = ['', '', undefined as string | undefined];
  const thinkingBlocks: Json[] = [];
  for (const { delta, finish_reason } of chunks.flatMap(({ choices }) => choices ?? [])) {
    content += delta.content ?? '';
    reasoning += delta.reasoning_content ?? '';
    thinkingBlocks.push(...(delta.thinking_blocks ?? []));
    finish = finish_reason ?? finish;
    for (const call of delta.tool_calls ?? []) {
      calls[call.index] ??= { id: '', name: '', arguments: '' };
      const known = calls[call.index];
      if (known === undefined) continue;
      known.id += call.id ?? '';
      known.name += call.function?.name ?? '';
      known.arguments += call.function?.arguments ?? '';
    }
  }
  return {
    id: chunks[0]?.id,
    model: chunks[0]?.model,
    content: content === '' && calls.length > 0 ? null : content,
    reasoning,
    thinkingBlocks,
    calls,
    finish,
    usage: chunks.findLast(({ usage }) => usage !== undefined && usage !== null)?.usage ?? undefined,
    error: chunks.find(({ error }) => error !== undefined)?.error,
    done: data.includes('[DONE]'),
    chunks,
  };
};
