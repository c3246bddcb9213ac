import { inputTokensOf, type Reply, reply } from '../brain.ts';
import { deltas } from '../deltas.ts';
import { fieldsOf } from '../json.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { readModel } from './bedrock-models.ts';
import { checkConverse } from './check-converse.ts';
import { eventFrame, exceptionFrame } from './event-stream.ts';
import { readConverse } from './read-converse.ts';
import { bedrockHeaders, streamException } from './reject-bedrock.ts';

const STOP: Readonly<Record<Reply['finish'], string>> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
};

const SIGNATURE = 'c2ltdWxhdGVkLXRob3VnaHQ=';

const toolUseId = (request: SimRequest, index: number) => `tooluse_sim${request.serial}x${index}`;

const contentOf = (request: SimRequest, { reasoning, text, toolCalls }: Reply): object[] => [
  ...(reasoning === '' ? [] : [{ reasoningContent: { reasoningText: { text: reasoning, signature: SIGNATURE } } }]),
  ...(text === '' ? [] : [{ text }]),
  ...toolCalls.map(({ name, input }, index) => ({ toolUse: { toolUseId: toolUseId(request, index), name, input } })),
];

/** Only a tool use announces its block; text and reasoning begin with their first delta. */
function* framesOf(request: SimRequest, { reasoning, text, toolCalls }: Reply): Generator<Uint8Array> {
  let contentBlockIndex = 0;
  const delta = (change: object) => eventFrame('contentBlockDelta', { contentBlockIndex, delta: change });
  const stop = () => eventFrame('contentBlockStop', { contentBlockIndex: contentBlockIndex++ });
  if (reasoning !== '') {
    for (const piece of deltas(reasoning)) yield delta({ reasoningContent: { text: piece } });
    yield delta({ reasoningContent: { signature: SIGNATURE } });
    yield stop();
  }
  if (text !== '') {
    for (const piece of deltas(text)) yield delta({ text: piece });
    yield stop();
  }
  for (const [index, { name, inputText }] of toolCalls.entries()) {
    const toolUse = { toolUseId: toolUseId(request, index), name };
    yield eventFrame('contentBlockStart', { contentBlockIndex, start: { toolUse } });
    // A call without arguments streams none.
    for (const input of inputText === '{}' ? [] : deltas(inputText)) yield delta({ toolUse: { input } });
    yield stop();
  }
}

/** `POST /model/{id}/converse` and `converse-stream`. Source: Amazon Bedrock API reference, `Converse`, `ConverseStream`. */
export const answerConverse = (request: SimRequest, id: string, streamed: boolean): Answer => {
  const body = fieldsOf(request.body);
  const { model, failure } = readModel(request, id, streamed);
  checkConverse(request, model, body);
  const prompt = readConverse(id, model, body);
  const answer = reply(prompt);
  const marked = JSON.stringify([body.system, body.toolConfig, body.messages]).includes('"cachePoint":{');
  const cached = marked ? inputTokensOf({ ...prompt, turns: [] }) : 0;
  const usage = {
    inputTokens: answer.inputTokens - cached,
    outputTokens: answer.outputTokens,
    totalTokens: answer.inputTokens + answer.outputTokens,
    ...(marked ? { cacheReadInputTokens: cached, cacheWriteInputTokens: 0 } : {}),
  };
  const metrics = { latencyMs: 12 };
  const stopReason = STOP[answer.finish];
  const headers = bedrockHeaders(request);
  if (!streamed) {
    const message = { role: 'assistant', content: contentOf(request, answer) };
    const whole = { metrics, output: { message }, stopReason, usage };
    return wholeJson(whole, { 'content-type': 'application/json', ...headers }, failure);
  }
  return {
    type: 'streamed',
    headers: { 'content-type': 'application/vnd.amazon.eventstream', ...headers },
    frames: [
      eventFrame('messageStart', { role: 'assistant' }),
      ...framesOf(request, answer),
      eventFrame('messageStop', { stopReason }),
      eventFrame('metadata', { metrics, usage }),
    ],
    errorFrame: exceptionFrame('modelStreamErrorException', streamException),
    failure,
  };
};
