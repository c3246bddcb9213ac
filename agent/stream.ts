import { type AgentErrorCode, codeOf, writeError } from './agent-error.ts';

/** How an invocation that was streamed ended: told once, also when the caller left. */
type Ended = (outcome: AgentErrorCode | 'ok' | 'caller_left') => Promise<void>;

const line = (event: object): Uint8Array => new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`);

/**
 * The words of an invocation as server-sent events.
 *
 * Shape: `data: {"type":"text","text"}` for each piece, then `{"type":"done", …}` with the whole answer, or
 *        `{"type":"error","code","message"}`. One that failed never ends with `done`; one that was cut has neither.
 * Source: WHATWG HTML, "Server-sent events".
 */
export const streamWords = (
  words: AsyncGenerator<string, string>,
  toDone: (output: string) => object,
  leave: AbortController,
  ended: Ended,
): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await words.next();
        if (!done) return controller.enqueue(line({ type: 'text', text: value }));
        controller.enqueue(line({ type: 'done', ...toDone(value) }));
        await ended('ok');
      } catch (thrown) {
        if (leave.signal.aborted) return;
        const code = codeOf(thrown);
        controller.enqueue(line({ type: 'error', ...writeError(code) }));
        await ended(code);
      }
      controller.close();
    },
    async cancel() {
      leave.abort();
      // Ends the loop of the agent, with its spans, and closes its clients.
      await words.return('').catch(() => {});
      await ended('caller_left');
    },
  });
