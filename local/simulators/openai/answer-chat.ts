import { type Reply, reply } from '../brain.ts';
import { deltas } from '../deltas.ts';
import { fieldsOf } from '../json.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { checkChat } from './check-chat.ts';
import { readModel } from './openai-models.ts';
import { readChat } from './read-chat.ts';
import { openaiErrorBody, openaiHeaders } from './reject-openai.ts';

const FINISH: Readonly<Record<Reply['finish'], string>> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
};

const usageOf = ({ inputTokens, outputTokens, reasoningTokens }: Reply) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: reasoningTokens,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

const callId = (request: SimRequest, index: number) => `call_sim${request.serial}x${index}`;

const messageOf = (request: SimRequest, { text, toolCalls }: Reply) => ({
  role: 'assistant',
  content: toolCalls.length > 0 && text === '' ? null : text,
  refusal: null,
  annotations: [],
  ...(toolCalls.length > 0
    ? {
        tool_calls: toolCalls.map((call, index) => ({
          id: callId(request, index),
          type: 'function',
          function: { name: call.name, arguments: call.inputText },
        })),
      }
    : {}),
});

/** The deltas of one choice, in the order of the wire: role, text, then each call's head and argument fragments. */
function* deltasOf(request: SimRequest, { text, toolCalls }: Reply): Generator<object> {
  yield { role: 'assistant', content: toolCalls.length > 0 && text === '' ? null : '', refusal: null };
  for (const content of deltas(text)) yield { content };
  for (const [index, call] of toolCalls.entries()) {
    const head = { index, id: callId(request, index), type: 'function', function: { name: call.name, arguments: '' } };
    yield { tool_calls: [head] };
    for (const fragment of deltas(call.inputText)) yield { tool_calls: [{ index, function: { arguments: fragment } }] };
  }
}

const line = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;

/** `POST /v1/chat/completions`. Source: OpenAI API reference, "Create chat completion" and its streaming events. */
export const answerChat = (request: SimRequest): Answer => {
  const body = fieldsOf(request.body);
  checkChat(request, body);
  const streamed = body.stream === true;
  const { model, failure } = readModel(request, body.model, streamed);
  const answer = reply(readChat(request.provider, model, body));
  const choices = Math.max(1, Number(body.n ?? 1));
  const usage = usageOf({ ...answer, outputTokens: answer.outputTokens * choices });
  const finish = FINISH[answer.finish];
  const headers = openaiHeaders(request);
  const common = {
    id: `chatcmpl-sim${request.serial}`,
    created: Math.floor(request.nowMs / 1_000),
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_simulated',
  };
  const each = Array.from({ length: choices }, (_, index) => index);

  if (!streamed) {
    const said = (index: number) => ({
      index,
      message: messageOf(request, answer),
      logprobs: null,
      finish_reason: finish,
    });
    const whole = { ...common, object: 'chat.completion', choices: each.map(said), usage };
    return wholeJson(whole, { 'content-type': 'application/json', ...headers }, failure);
  }
  const wantsUsage = fieldsOf(body.stream_options).include_usage === true;
  const chunk = (index: number, delta: object, finish_reason: string | null) =>
    line({
      ...common,
      object: 'chat.completion.chunk',
      choices: [{ index, delta, logprobs: null, finish_reason }],
      ...(wantsUsage ? { usage: null } : {}),
    });
  const frames = each.flatMap((index) => [
    ...[...deltasOf(request, answer)].map((delta) => chunk(index, delta, null)),
    chunk(index, {}, finish),
  ]);
  if (wantsUsage) frames.push(line({ ...common, object: 'chat.completion.chunk', choices: [], usage }));
  frames.push('data: [DONE]\n\n');
  return {
    type: 'streamed',
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers },
    frames,
    errorFrame: line(openaiErrorBody),
    failure,
  };
};
