import { type Reply, reply } from '../brain.ts';
import { deltas } from '../deltas.ts';
import { type Fields, fieldsOf } from '../json.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { checkResponses } from './check-responses.ts';
import { readModel } from './openai-models.ts';
import { readResponses } from './read-responses.ts';
import { openaiErrorBody, openaiHeaders } from './reject-openai.ts';

type Item =
  | {
      readonly type: 'reasoning';
      readonly id: string;
      readonly summary: readonly { readonly type: 'summary_text'; readonly text: string }[];
    }
  | {
      readonly type: 'message';
      readonly id: string;
      readonly status: string;
      readonly role: 'assistant';
      readonly content: readonly {
        readonly type: 'output_text';
        readonly text: string;
        readonly annotations: readonly never[];
        readonly logprobs: readonly never[];
      }[];
    }
  | {
      readonly type: 'function_call';
      readonly id: string;
      readonly status: string;
      readonly call_id: string;
      readonly name: string;
      readonly arguments: string;
    };

const part = (text: string) => ({ type: 'output_text' as const, text, annotations: [], logprobs: [] });

const itemsOf = (request: SimRequest, { reasoning, text, toolCalls, finish }: Reply): Item[] => {
  const { serial } = request;
  const status = finish === 'length' ? 'incomplete' : 'completed';
  const summary = {
    type: 'reasoning' as const,
    id: `rs_sim${serial}`,
    summary: [{ type: 'summary_text' as const, text: reasoning }],
  };
  const message = {
    type: 'message' as const,
    id: `msg_sim${serial}`,
    status,
    role: 'assistant' as const,
    content: [part(text)],
  };
  const calls = toolCalls.map((call, index) => ({
    type: 'function_call' as const,
    id: `fc_sim${serial}x${index}`,
    status,
    call_id: `call_sim${serial}x${index}`,
    name: call.name,
    arguments: call.inputText,
  }));
  return [...(reasoning === '' ? [] : [summary]), ...(text === '' ? [] : [message]), ...calls];
};

/** One event without its number. */
type Event = { readonly type: string } & Fields;

/** The events of one output item, from `added` to `done`. */
function* itemEvents(output_index: number, item: Item): Generator<Event> {
  const item_id = item.id;
  const at = { output_index, item_id };
  const added = (empty: object) => ({ type: 'response.output_item.added', output_index, item: { ...item, ...empty } });
  switch (item.type) {
    case 'reasoning': {
      yield added({ summary: [] });
      const [summary] = item.summary;
      if (summary !== undefined) {
        yield {
          type: 'response.reasoning_summary_part.added',
          ...at,
          summary_index: 0,
          part: { ...summary, text: '' },
        };
        for (const delta of deltas(summary.text))
          yield { type: 'response.reasoning_summary_text.delta', ...at, summary_index: 0, delta };
        yield { type: 'response.reasoning_summary_text.done', ...at, summary_index: 0, text: summary.text };
        yield { type: 'response.reasoning_summary_part.done', ...at, summary_index: 0, part: summary };
      }
      break;
    }
    case 'message': {
      yield added({ status: 'in_progress', content: [] });
      for (const [content_index, whole] of item.content.entries()) {
        const within = { ...at, content_index };
        yield { type: 'response.content_part.added', ...within, part: { ...whole, text: '' } };
        for (const delta of deltas(whole.text))
          yield { type: 'response.output_text.delta', ...within, delta, logprobs: [] };
        yield { type: 'response.output_text.done', ...within, text: whole.text, logprobs: [] };
        yield { type: 'response.content_part.done', ...within, part: whole };
      }
      break;
    }
    case 'function_call':
      yield added({ status: 'in_progress', arguments: '' });
      for (const delta of deltas(item.arguments))
        yield { type: 'response.function_call_arguments.delta', ...at, delta };
      yield { type: 'response.function_call_arguments.done', ...at, arguments: item.arguments };
  }
  yield { type: 'response.output_item.done', output_index, item };
}

const responseOf = (request: SimRequest, body: Fields, model: string, answer: Reply, output: readonly Item[]) => ({
  id: `resp_sim${request.serial}`,
  object: 'response',
  created_at: Math.floor(request.nowMs / 1_000),
  status: answer.finish === 'length' ? 'incomplete' : 'completed',
  background: false,
  error: null,
  incomplete_details: answer.finish === 'length' ? { reason: 'max_output_tokens' } : null,
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  model,
  output,
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  previous_response_id: null,
  reasoning: body.reasoning ?? { effort: null, summary: null },
  store: false,
  temperature: body.temperature ?? 1,
  text: body.text ?? { format: { type: 'text' } },
  tool_choice: body.tool_choice ?? 'auto',
  tools: body.tools ?? [],
  top_p: body.top_p ?? 1,
  truncation: 'disabled',
  usage: {
    input_tokens: answer.inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: answer.outputTokens,
    output_tokens_details: { reasoning_tokens: answer.reasoningTokens },
    total_tokens: answer.inputTokens + answer.outputTokens,
  },
  user: null,
  metadata: body.metadata ?? {},
});

const frame = (event: Event, sequence_number: number): string =>
  `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`;

/** `POST /v1/responses`, stateless. Source: OpenAI API reference, "Create a model response" and its streaming events. */
export const answerResponses = (request: SimRequest): Answer => {
  const body = fieldsOf(request.body);
  checkResponses(request, body);
  const streamed = body.stream === true;
  const { model, failure } = readModel(request, body.model, streamed);
  const answer = reply(readResponses(request.provider, model, body));
  const output = itemsOf(request, answer);
  const response = responseOf(request, body, model, answer, output);
  const headers = openaiHeaders(request);
  if (!streamed) return wholeJson(response, { 'content-type': 'application/json', ...headers }, failure);

  const opening = { ...response, status: 'in_progress', incomplete_details: null, output: [], usage: null };
  const events: Event[] = [
    { type: 'response.created', response: opening },
    { type: 'response.in_progress', response: opening },
    ...output.flatMap((item, index) => [...itemEvents(index, item)]),
    { type: response.status === 'incomplete' ? 'response.incomplete' : 'response.completed', response },
  ];
  const { message } = openaiErrorBody.error;
  const failed = { ...opening, status: 'failed', error: { code: 'server_error', message } };
  return {
    type: 'streamed',
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers },
    frames: events.map(frame),
    errorFrame: frame({ type: 'response.failed', response: failed }, Math.ceil(events.length / 2)),
    failure,
  };
};
