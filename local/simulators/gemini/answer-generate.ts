import { inputTokensOf, type Reply, reply, tokensOf } from '../brain.ts';
import { deltas } from '../deltas.ts';
import { type Fields, fieldsOf, isSent } from '../json.ts';
import { type Answer, type SimRequest, wholeJson } from '../simulator.ts';
import { THOUGHT_SIGNATURE } from './check-contents.ts';
import { checkGenerate } from './check-generate.ts';
import { readModel, signsThoughts } from './gemini-models.ts';
import { readGenerate } from './read-generate.ts';
import { badArgument, geminiErrorBody, geminiHeaders } from './reject-gemini.ts';

const usageOf = ({ inputTokens, reasoningTokens }: Reply, candidates: number) => ({
  promptTokenCount: inputTokens,
  ...(candidates > 0 ? { candidatesTokenCount: candidates } : {}),
  ...(reasoningTokens > 0 ? { thoughtsTokenCount: reasoningTokens } : {}),
  totalTokenCount: inputTokens + candidates + reasoningTokens,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTokens }],
});

const callParts = (request: SimRequest, model: string, { toolCalls }: Reply): object[] =>
  toolCalls.map(({ name, input }, index) => ({
    functionCall: { ...(signsThoughts(model) ? { id: `sim${request.serial}x${index}` } : {}), name, args: input },
    // Of calls made together only the first is signed.
    ...(signsThoughts(model) && index === 0 ? { thoughtSignature: THOUGHT_SIGNATURE } : {}),
  }));

/** The parts as a stream gives them: thoughts and text in pieces, calls whole. */
const piecesOf = (
  request: SimRequest,
  model: string,
  body: Fields,
  answer: Reply,
): { part: object; chars: number }[] => {
  const shown = fieldsOf(fieldsOf(body.generationConfig).thinkingConfig).includeThoughts === true;
  return [
    ...(shown ? deltas(answer.reasoning).map((text) => ({ part: { text, thought: true }, chars: 0 })) : []),
    ...deltas(answer.text).map((text) => ({ part: { text }, chars: text.length })),
    ...callParts(request, model, answer).map((part, index) => {
      const call = answer.toolCalls[index];
      return { part, chars: (call?.name.length ?? 0) + (call?.inputText.length ?? 0) };
    }),
  ];
};

const prepare = (request: SimRequest, model: string, streamed: boolean) => {
  const body = fieldsOf(request.body);
  checkGenerate(model, body);
  const failure = readModel(model, streamed);
  const answer = reply(readGenerate(model, body));
  const common = { modelVersion: model, responseId: `sim${request.serial}` };
  const finishReason = answer.finish === 'length' ? 'MAX_TOKENS' : 'STOP';
  return { body, failure, answer, common, finishReason };
};

/** What counts as the answer: its output without the thoughts. */
const candidateTokens = (answer: Reply): number => answer.outputTokens - answer.reasoningTokens;

/** `POST …:generateContent`. Source: Gemini API reference, "Generating content". */
export const answerGenerate = (request: SimRequest, model: string): Answer => {
  const { body, failure, answer, common, finishReason } = prepare(request, model, false);
  const shown = fieldsOf(fieldsOf(body.generationConfig).thinkingConfig).includeThoughts === true;
  const parts = [
    ...(shown && answer.reasoning !== '' ? [{ text: answer.reasoning, thought: true }] : []),
    ...(answer.text === '' ? [] : [{ text: answer.text }]),
    ...callParts(request, model, answer),
  ];
  const content = { ...(parts.length === 0 ? {} : { parts }), role: 'model' };
  const candidates = [{ content, finishReason, index: 0 }];
  return wholeJson(
    { candidates, usageMetadata: usageOf(answer, candidateTokens(answer)), ...common },
    geminiHeaders,
    failure,
  );
};

/** `POST …:streamGenerateContent`: server-sent events with `alt=sse`, one JSON array without. */
export const answerStream = (request: SimRequest, model: string): Answer => {
  const { body, failure, answer, common, finishReason } = prepare(request, model, true);
  const pieces = piecesOf(request, model, body, answer);
  const total = candidateTokens(answer);
  let chars = 0;
  const chunks = pieces.map((piece, index) => {
    const last = index === pieces.length - 1;
    chars += piece.chars;
    const candidate = { content: { parts: [piece.part], role: 'model' }, ...(last ? { finishReason } : {}), index: 0 };
    return {
      candidates: [candidate],
      usageMetadata: usageOf(answer, last ? total : Math.min(total, tokensOf(chars))),
      ...common,
    };
  });
  const nothing = {
    candidates: [{ content: { role: 'model' }, finishReason, index: 0 }],
    usageMetadata: usageOf(answer, 0),
    ...common,
  };
  const all = chunks.length === 0 ? [nothing] : chunks;
  const sse = request.query.get('alt') === 'sse';
  const frames = sse
    ? all.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`)
    : [...all.map((chunk, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(chunk)}`), ']'];
  const error = JSON.stringify(geminiErrorBody);
  return {
    type: 'streamed',
    headers: sse ? { ...geminiHeaders, 'content-type': 'text/event-stream' } : geminiHeaders,
    frames,
    errorFrame: sse ? `data: ${error}\r\n\r\n` : `,\r\n${error}]`,
    failure,
  };
};

/** `POST …:countTokens`: of `contents` alone, or of a whole `generateContentRequest`. */
export const answerCountTokens = (request: SimRequest, model: string): Answer => {
  const body = fieldsOf(request.body);
  const whole = fieldsOf(body.generateContentRequest);
  if (isSent(body.generateContentRequest)) {
    if (isSent(body.contents)) throw badArgument('contents and generate_content_request are mutually exclusive.');
    if (whole.model !== `models/${model}`) {
      throw badArgument('* CountTokensRequest.generate_content_request.model: unexpected model name format');
    }
  }
  const counted = isSent(body.generateContentRequest) ? whole : body;
  checkGenerate(model, counted);
  const failure = readModel(model, false);
  const totalTokens = inputTokensOf(readGenerate(model, counted));
  return wholeJson(
    { totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] },
    geminiHeaders,
    failure,
  );
};
