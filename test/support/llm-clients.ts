import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import {
  APICallError,
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  Output,
  streamText,
  tool,
} from 'ai';
import OpenAI from 'openai';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: unknown;
}

/** A question in nobody's dialect. */
export interface Question {
  readonly system?: string;
  /** Turns before the question: the user's and the assistant's, by turns. */
  readonly before?: readonly string[];
  readonly text: string;
  readonly image?: string;
  readonly tools?: readonly string[];
  /** The name of a tool that has to be called. */
  readonly force?: string;
  /** What the model asked for when it was asked this before, and what came of it. */
  readonly answered?: { readonly calls: readonly ToolCall[]; readonly results: readonly string[] };
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly stop?: string;
  readonly maxTokens?: number;
  readonly signal?: AbortSignal;
}

export interface Told {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly finish: 'stop' | 'length' | 'tool';
  readonly tokens: { readonly in: number; readonly out: number };
}

/** A package that people use, made to ask the same questions as the others. */
export interface LlmClient {
  readonly name: string;
  ask(question: Question): Promise<Told>;
  /** `onText` hears each piece of text as it comes. */
  stream(question: Question, onText?: (text: string) => void): Promise<Told>;
  /** The HTTP status of an error that the package threw. */
  statusOf(thrown: unknown): number | undefined;
}

export interface ClientOptions {
  /** `http://127.0.0.1:3000/openai`. */
  readonly route: string;
  readonly token: string;
  readonly model: string;
}

const PARAMETERS = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] };
const PNG = (data: string): string => `data:image/png;base64,${data}`;

export const CLIENTS: Readonly<Record<string, (options: ClientOptions) => LlmClient>> = {
  openai: (options) => openAiClient(options),
  '@anthropic-ai/sdk': (options) => anthropicClient(options),
  'ai with @ai-sdk/openai': ({ route, token, model }) =>
    aiClient('ai with @ai-sdk/openai', createOpenAI({ baseURL: `${route}/v1`, apiKey: token }).chat(model)),
  'ai with @ai-sdk/openai, responses': ({ route, token, model }) =>
    aiClient(
      'ai with @ai-sdk/openai, responses',
      createOpenAI({ baseURL: `${route}/v1`, apiKey: token }).responses(model),
      { openai: { store: false } },
    ),
  'ai with @ai-sdk/anthropic': ({ route, token, model }) =>
    aiClient('ai with @ai-sdk/anthropic', createAnthropic({ baseURL: `${route}/v1`, authToken: token })(model)),
};

const openAiClient = ({ route, token, model }: ClientOptions): LlmClient => {
  const client = new OpenAI({ baseURL: `${route}/v1`, apiKey: token, maxRetries: 0 });
  const body = (question: Question) => {
    const { system, before = [], text, image, tools, force, answered, schema, stop, maxTokens } = question;
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
      ...before.map((content, index) => ({
        role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
        content,
      })),
      {
        role: 'user',
        content:
          image === undefined
            ? text
            : [
                { type: 'text', text },
                { type: 'image_url', image_url: { url: PNG(image) } },
              ],
      },
    ];
    if (answered !== undefined) {
      messages.push({
        role: 'assistant',
        tool_calls: answered.calls.map((call) => ({
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: JSON.stringify(call.arguments) },
        })),
      });
      answered.calls.forEach((call, index) => {
        messages.push({ role: 'tool', tool_call_id: call.id, content: answered.results[index] ?? '' });
      });
    }
    return {
      model,
      messages,
      ...(tools === undefined
        ? {}
        : {
            tools: tools.map((name) => ({
              type: 'function' as const,
              function: { name, description: name, parameters: PARAMETERS },
            })),
          }),
      ...(force === undefined ? {} : { tool_choice: { type: 'function' as const, function: { name: force } } }),
      ...(schema === undefined
        ? {}
        : { response_format: { type: 'json_schema' as const, json_schema: { name: 'answer', schema, strict: true } } }),
      ...(stop === undefined ? {} : { stop }),
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    };
  };
  const told = (choice: OpenAI.ChatCompletion.Choice | undefined, usage: OpenAI.CompletionUsage | undefined): Told => ({
    text: choice?.message.content ?? '',
    calls: (choice?.message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function'
        ? [{ id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) }]
        : [],
    ),
    finish: choice?.finish_reason === 'length' ? 'length' : choice?.finish_reason === 'tool_calls' ? 'tool' : 'stop',
    tokens: { in: usage?.prompt_tokens ?? 0, out: usage?.completion_tokens ?? 0 },
  });
  return {
    name: 'openai',
    ask: async (question) => {
      const answer = await client.chat.completions.create(body(question), { signal: question.signal });
      return told(answer.choices[0], answer.usage);
    },
    stream: async (question, onText) => {
      const stream = client.chat.completions.stream(
        { ...body(question), stream: true, stream_options: { include_usage: true } },
        { signal: question.signal },
      );
      stream.on('content', (text) => onText?.(text));
      const answer = await stream.finalChatCompletion();
      return told(answer.choices[0] as OpenAI.ChatCompletion.Choice, answer.usage);
    },
    statusOf: (thrown) => (thrown instanceof OpenAI.APIError ? thrown.status : undefined),
  };
};

const anthropicClient = ({ route, token, model }: ClientOptions): LlmClient => {
  const client = new Anthropic({ baseURL: route, authToken: token, apiKey: null, maxRetries: 0 });
  const body = (question: Question) => {
    const { system, before = [], text, image, tools, force, answered, schema, stop, maxTokens } = question;
    const messages: Anthropic.MessageParam[] = [
      ...before.map((content, index) => ({
        role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
        content,
      })),
      {
        role: 'user',
        content:
          image === undefined
            ? text
            : [
                { type: 'text', text },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
              ],
      },
    ];
    if (answered !== undefined) {
      messages.push({
        role: 'assistant',
        content: answered.calls.map(({ id, name, arguments: input }) => ({ type: 'tool_use', id, name, input })),
      });
      messages.push({
        role: 'user',
        content: answered.calls.map(({ id }, index) => ({
          type: 'tool_result',
          tool_use_id: id,
          content: answered.results[index] ?? '',
        })),
      });
    }
    return {
      model,
      messages,
      max_tokens: maxTokens ?? 1_000,
      ...(system === undefined ? {} : { system }),
      ...(tools === undefined
        ? {}
        : { tools: tools.map((name) => ({ name, description: name, input_schema: PARAMETERS })) }),
      ...(force === undefined ? {} : { tool_choice: { type: 'tool' as const, name: force } }),
      ...(schema === undefined ? {} : { output_config: { format: { type: 'json_schema' as const, schema } } }),
      ...(stop === undefined ? {} : { stop_sequences: [stop] }),
    };
  };
  const told = (message: Anthropic.Message): Told => ({
    text: message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    calls: message.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, arguments: block.input }] : [],
    ),
    finish: message.stop_reason === 'max_tokens' ? 'length' : message.stop_reason === 'tool_use' ? 'tool' : 'stop',
    tokens: { in: message.usage.input_tokens, out: message.usage.output_tokens },
  });
  return {
    name: '@anthropic-ai/sdk',
    ask: async (question) => told(await client.messages.create(body(question), { signal: question.signal })),
    stream: async (question, onText) => {
      const stream = client.messages.stream(body(question), { signal: question.signal });
      stream.on('text', (text) => onText?.(text));
      return told(await stream.finalMessage());
    },
    statusOf: (thrown) => (thrown instanceof Anthropic.APIError ? thrown.status : undefined),
  };
};

const aiClient = (
  name: string,
  model: LanguageModel,
  providerOptions: Record<string, Record<string, boolean>> = {},
): LlmClient => {
  const settings = (question: Question): Parameters<typeof generateText>[0] => {
    const { system, before = [], text, image, tools, force, answered, schema, stop, maxTokens, signal } = question;
    const messages: ModelMessage[] = [
      ...before.map(
        (content, index): ModelMessage =>
          index % 2 === 0 ? { role: 'user', content } : { role: 'assistant', content },
      ),
      {
        role: 'user',
        content:
          image === undefined
            ? text
            : [
                { type: 'text', text },
                { type: 'file', data: image, mediaType: 'image/png' },
              ],
      },
    ];
    if (answered !== undefined) {
      messages.push({
        role: 'assistant',
        content: answered.calls.map((call) => ({
          type: 'tool-call',
          toolCallId: call.id,
          toolName: call.name,
          input: call.arguments,
        })),
      });
      messages.push({
        role: 'tool',
        content: answered.calls.map((call, index) => ({
          type: 'tool-result',
          toolCallId: call.id,
          toolName: call.name,
          output: { type: 'text', value: answered.results[index] ?? '' },
        })),
      });
    }
    return {
      model,
      messages,
      maxRetries: 0,
      providerOptions,
      ...(system === undefined ? {} : { system }),
      ...(signal === undefined ? {} : { abortSignal: signal }),
      ...(stop === undefined ? {} : { stopSequences: [stop] }),
      maxOutputTokens: maxTokens ?? 1_000,
      ...(tools === undefined
        ? {}
        : {
            tools: Object.fromEntries(
              tools.map((each) => [each, tool({ description: each, inputSchema: jsonSchema(PARAMETERS) })]),
            ),
          }),
      ...(force === undefined ? {} : { toolChoice: { type: 'tool' as const, toolName: force } }),
      ...(schema === undefined ? {} : { output: Output.object({ schema: jsonSchema(schema) }) }),
    };
  };
  interface Result {
    readonly text: string;
    readonly toolCalls: readonly { readonly toolCallId: string; readonly toolName: string; readonly input: unknown }[];
    readonly finishReason: string;
    readonly usage: { readonly inputTokens?: number | undefined; readonly outputTokens?: number | undefined };
  }
  const told = ({ text, toolCalls, finishReason, usage }: Result): Told => ({
    text,
    calls: toolCalls.map(({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, arguments: input })),
    finish: finishReason === 'length' ? 'length' : finishReason === 'tool-calls' ? 'tool' : 'stop',
    tokens: { in: usage.inputTokens ?? 0, out: usage.outputTokens ?? 0 },
  });
  return {
    name,
    ask: async (question) => told(await generateText(settings(question))),
    stream: async (question, onText) => {
      const failures: unknown[] = [];
      const result = streamText({ ...settings(question), onError: ({ error }) => void failures.push(error) });
      for await (const text of result.textStream) onText?.(text);
      if (failures.length > 0) throw failures[0];
      if (question.signal?.aborted === true) throw question.signal.reason;
      const [text, toolCalls, finishReason, usage] = await Promise.all([
        result.text,
        result.toolCalls,
        result.finishReason,
        result.usage,
      ]);
      return told({ text, toolCalls, finishReason, usage });
    },
    statusOf: (thrown) => (APICallError.isInstance(thrown) ? thrown.statusCode : undefined),
  };
};
