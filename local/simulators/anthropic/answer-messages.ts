import { inputTokensOf, type Prompt, type Reply, reply, type ToolCall } from '../brain.ts';
import { deltas } from '../deltas.ts';
import { type Failure, failureOf } from '../failures.ts';
import { type Fields, fieldsOf, stringOf } from '../json.ts';
import { isKnownModel } from '../known-models.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { ANTHROPIC_MODELS } from './anthropic-models.ts';
import { checkCountTokens, checkMessages } from './check-messages.ts';
import { SIGNATURE } from './check-thread.ts';
import { readMessages } from './read-messages.ts';
import { anthropicErrorEvent, anthropicHeaders, rejectAnthropic, unknownModel } from './reject-anthropic.ts';

const STOP: Readonly<Record<Reply['finish'], string>> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
};

type Block =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: ToolCall['input'] };

const blocksOf = (
  request: SimRequest,
  { reasoning, text, toolCalls }: Reply,
): { block: Block; inputText: string }[] => [
  ...(reasoning === ''
    ? []
    : [{ block: { type: 'thinking', thinking: reasoning, signature: SIGNATURE } as const, inputText: '' }]),
  ...(text === '' ? [] : [{ block: { type: 'text', text } as const, inputText: '' }]),
  ...toolCalls.map(({ name, input, inputText }, index) => ({
    block: { type: 'tool_use', id: `toolu_sim${request.serial}x${index}`, name, input } as const,
    // A call without arguments streams none.
    inputText: inputText === '{}' ? '' : inputText,
  })),
];

const event = (data: { readonly type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

function* eventsOf(index: number, block: Block, inputText: string): Generator<string> {
  const delta = (change: object) => event({ type: 'content_block_delta', ...{ index, delta: change } });
  const start = (empty: object) => event({ type: 'content_block_start', ...{ index, content_block: empty } });
  switch (block.type) {
    case 'thinking':
      yield start({ type: 'thinking', thinking: '', signature: '' });
      for (const thinking of deltas(block.thinking)) yield delta({ type: 'thinking_delta', thinking });
      yield delta({ type: 'signature_delta', signature: block.signature });
      break;
    case 'text':
      yield start({ type: 'text', text: '' });
      for (const text of deltas(block.text)) yield delta({ type: 'text_delta', text });
      break;
    case 'tool_use':
      yield start({ ...block, input: {} });
      for (const partial_json of ['', ...deltas(inputText)]) yield delta({ type: 'input_json_delta', partial_json });
  }
  yield event({ type: 'content_block_stop', ...{ index } });
}

const cacheOf = (body: Fields, prompt: Prompt): number =>
  JSON.stringify([body.system, body.tools, body.messages]).includes('"cache_control":{')
    ? inputTokensOf({ ...prompt, turns: [] })
    : 0;

/** The model that the body names, if the provider has it, and what its name asks to go wrong. */
const readModel = (
  request: SimRequest,
  body: Fields,
): { readonly model: string; readonly failure: Failure | undefined } => {
  const model = stringOf(body.model);
  if (!isKnownModel(ANTHROPIC_MODELS, model)) throw unknownModel(request, model);
  const failure = failureOf(model);
  if (failure?.type === 'refuse') throw rejectAnthropic(failure.trouble, request);
  // There is no middle of an answer that is not streamed.
  if (failure?.type === 'error-mid' && body.stream !== true) throw rejectAnthropic('failed', request);
  return { model, failure };
};

/** `POST /v1/messages`. Source: Claude API reference, "Create a message" and "Streaming messages". */
export const answerMessages = (request: SimRequest): Answer => {
  const body = fieldsOf(request.body);
  checkMessages(request, body);
  const { model, failure } = readModel(request, body);
  const prompt = readMessages(model, body);
  const answer = reply(prompt);
  const headers = anthropicHeaders(request);
  const blocks = blocksOf(request, answer);
  const cached = cacheOf(body, prompt);
  const usage = {
    input_tokens: answer.inputTokens - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: answer.outputTokens,
    service_tier: 'standard',
  };
  const message = {
    id: `msg_sim${request.serial}`,
    type: 'message',
    role: 'assistant',
    model,
    content: blocks.map(({ block }) => block),
    stop_reason: STOP[answer.finish],
    stop_sequence: answer.stopSequence ?? null,
    usage,
  };
  if (body.stream !== true) return wholeJson(message, { 'content-type': 'application/json', ...headers }, failure);

  const { cache_creation, service_tier, ...counts } = usage;
  const opening = {
    ...message,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1 },
  };
  const contents = blocks.flatMap(({ block, inputText }, index) => [...eventsOf(index, block, inputText)]);
  // The real stream sends its first ping right after the first block has opened.
  const frames = [
    event({ type: 'message_start', ...{ message: opening } }),
    ...contents.slice(0, 1),
    event({ type: 'ping' }),
    ...contents.slice(1),
    event({
      type: 'message_delta',
      ...{ delta: { stop_reason: message.stop_reason, stop_sequence: message.stop_sequence }, usage: counts },
    }),
    event({ type: 'message_stop' }),
  ];
  return {
    type: 'streamed',
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers },
    frames,
    errorFrame: event(anthropicErrorEvent),
    failure,
  };
};

/** `POST /v1/messages/count_tokens`: the same count as the usage of the same message. */
export const answerCountTokens = (request: SimRequest): Answer => {
  const body = fieldsOf(request.body);
  checkCountTokens(request, body);
  const { model, failure } = readModel(request, body);
  const headers = { 'content-type': 'application/json', ...anthropicHeaders(request) };
  return wholeJson({ input_tokens: inputTokensOf(readMessages(model, body)) }, headers, failure);
};
