import { createHmac, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMcpHandler,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { systemClock } from '../../lambda/core/clock.ts';
import { serveLoopback } from '../../local/serve-loopback.ts';

type Json = Record<string, unknown>;

/** One red pixel, and a WAV file without a sample. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

const text = (words: string) => ({ type: 'text', text: words });
const saying = (words: string): Json => ({ content: [text(words)] });

const form = (message: string, properties: Json): Json => ({
  method: 'elicitation/create',
  params: { message, requestedSchema: { type: 'object', properties, required: Object.keys(properties) } },
});
const sampling = (words: string, maxTokens: number): Json => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: text(words) }], maxTokens },
});
const ROOTS: Json = { method: 'roots/list', params: {} };

const asking = (inputRequests: Json, requestState?: string): Json => ({
  resultType: 'input_required',
  inputRequests,
  ...(requestState === undefined ? {} : { requestState }),
});

const signed = (state: string): string => `${state}.${createHmac('sha256', 'fixture').update(state).digest('hex')}`;

const stateOf = (value: unknown): string => {
  const [state = '', mac = ''] = String(value).split('.');
  const expected = signed(state).slice(state.length + 1);
  if (mac.length !== expected.length || !timingSafeEqual(Buffer.from(mac), Buffer.from(expected)))
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid requestState');
  return state;
};

interface Round {
  readonly args: Json;
  readonly responses: Json;
  readonly state: string | undefined;
  readonly capabilities: Json;
  readonly context: ServerContext;
  readonly progressToken: string | number | undefined;
}

/** What the client answered under a key: `undefined` for nothing, and for what is no answer. */
const answerTo = ({ responses }: Round, key: string): Json | undefined => {
  const answer = responses[key];
  return typeof answer === 'object' && answer !== null ? (answer as Json) : undefined;
};

const contentOf = (answer: Json | undefined): Json => (answer?.content ?? {}) as Json;

const confirmed = (round: Round, word: string): Json => {
  if (round.state === undefined || answerTo(round, 'confirm') === undefined)
    return asking({ confirm: form('Please confirm', { ok: { type: 'boolean' } }) }, signed('waiting'));
  stateOf(round.state);
  return saying(word);
};

const nameAsked = { user_name: form('What is your name?', { name: { type: 'string' } }) };

const TOOLS: Readonly<Record<string, (round: Round) => Json | Promise<Json>>> = {
  test_simple_text: () => saying('This is a simple text response for testing.'),
  test_image_content: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
  test_audio_content: () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }),
  test_embedded_resource: () => ({
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }),
  test_multiple_content_types: () => ({
    content: [
      text('Multiple content types test:'),
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 }),
        },
      },
    ],
  }),
  test_error_handling: () => ({ ...saying('This tool intentionally returns an error for testing'), isError: true }),
  test_tool_with_logging: () => saying('logged'),
  test_tool_with_progress: async ({ context, progressToken }) => {
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await context.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 100 },
        });
      await sleep(50);
    }
    return saying(String(progressToken ?? 'no token'));
  },
  test_sampling: () => ({ ...saying('Sampling is not supported'), isError: true }),
  test_elicitation: () => ({ ...saying('Elicitation is not supported'), isError: true }),
  test_elicitation_sep1034_defaults: () => ({ ...saying('Elicitation is not supported'), isError: true }),
  test_elicitation_sep1330_enums: () => ({ ...saying('Elicitation is not supported'), isError: true }),
  test_missing_capability: ({ capabilities }) => {
    if (capabilities.sampling === undefined)
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
    return saying('declared');
  },
  test_streaming_elicitation: (round) => TOOLS.test_input_required_result_elicitation?.(round) ?? {},
  test_logging_tool: () => saying('logged only where it was asked for'),
  test_reconnection: () => saying('still here'),
  test_input_required_result_elicitation: (round) => {
    const { name } = contentOf(answerTo(round, 'user_name'));
    return typeof name === 'string' ? saying(`Hello, ${name}!`) : asking(nameAsked);
  },
  test_input_required_result_sampling: (round) => {
    const answer = answerTo(round, 'capital_question');
    return answer === undefined
      ? asking({ capital_question: sampling('What is the capital of France?', 100) })
      : saying(JSON.stringify(answer.content));
  },
  test_input_required_result_list_roots: (round) => {
    const answer = answerTo(round, 'client_roots');
    return answer === undefined ? asking({ client_roots: ROOTS }) : saying(JSON.stringify(answer.roots));
  },
  test_input_required_result_request_state: (round) => confirmed(round, 'state-ok'),
  test_input_required_result_tampered_state: (round) => confirmed(round, 'state-ok'),
  test_input_required_result_multiple_inputs: (round) => {
    if (round.state !== undefined) stateOf(round.state);
    const keys = ['user_name', 'greeting', 'client_roots'];
    return keys.every((key) => answerTo(round, key) !== undefined)
      ? saying('thank you')
      : asking({ ...nameAsked, greeting: sampling('Generate a greeting', 50), client_roots: ROOTS }, signed('three'));
  },
  test_input_required_result_multi_round: (round) => {
    const state = round.state === undefined ? '' : stateOf(round.state);
    if (state === 'two' && answerTo(round, 'step2') !== undefined) return saying('done');
    return state === 'one' && answerTo(round, 'step1') !== undefined
      ? asking({ step2: form('Step 2: What is your favorite color?', { color: { type: 'string' } }) }, signed('two'))
      : asking({ step1: form('Step 1: What is your name?', { name: { type: 'string' } }) }, signed('one'));
  },
  test_input_required_result_capabilities: ({ capabilities }) =>
    asking({
      ...(capabilities.sampling === undefined ? {} : { greeting: sampling('Generate a greeting', 50) }),
      ...(capabilities.elicitation === undefined ? {} : nameAsked),
    }),
};

const ARGUMENTS: Readonly<Record<string, Json>> = {
  test_sampling: { prompt: { type: 'string' } },
  test_elicitation: { message: { type: 'string' } },
};

const PROMPTS: Readonly<Record<string, { readonly args: readonly string[]; get(round: Round): Json }>> = {
  test_simple_prompt: {
    args: [],
    get: () => ({ messages: [{ role: 'user', content: text('This is a simple prompt for testing.') }] }),
  },
  test_prompt_with_arguments: {
    args: ['arg1', 'arg2'],
    get: ({ args }) => ({
      messages: [{ role: 'user', content: text(`Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'`) }],
    }),
  },
  test_prompt_with_embedded_resource: {
    args: ['resourceUri'],
    get: ({ args }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: { uri: args.resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
          },
        },
        { role: 'user', content: text('Please process the embedded resource above.') },
      ],
    }),
  },
  test_prompt_with_image: {
    args: [],
    get: () => ({
      messages: [
        { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
        { role: 'user', content: text('Please analyze the image above.') },
      ],
    }),
  },
  test_input_required_result_prompt: {
    args: [],
    get: (round) => {
      const answer = Object.values(round.responses).find((one) => typeof one === 'object' && one !== null);
      return answer === undefined
        ? asking({ user_context: form('What context should the prompt use?', { context: { type: 'string' } }) })
        : { messages: [{ role: 'user', content: text(JSON.stringify(answer)) }] };
    },
  },
};

const readResource = (uri: string): Json => {
  const template = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (uri === 'test://static-text')
    return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: PNG };
  if (uri === 'test://watched-resource') return { uri, mimeType: 'text/plain', text: 'watched' };
  if (template === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Resource not found', { uri });
  const data = { id: template, templateTest: true, data: `Data for ID: ${template}` };
  return { uri, mimeType: 'application/json', text: JSON.stringify(data) };
};

const roundOf = (params: Json, context: ServerContext): Round => {
  const { mcpReq } = context;
  const state = mcpReq.requestState() as unknown;
  return {
    args: (params.arguments ?? {}) as Json,
    responses: (mcpReq.inputResponses ?? {}) as Json,
    state: typeof state === 'string' ? state : undefined,
    capabilities: ((mcpReq.envelope as Json | undefined)?.['io.modelcontextprotocol/clientCapabilities'] ?? {}) as Json,
    context,
    progressToken: (params._meta as { progressToken?: string | number } | undefined)?.progressToken,
  };
};

/** Everything that the conformance tool asks for by name, in both eras. */
export const createFixture = () =>
  createMcpHandler(() => {
    const server = new Server(
      { name: 'fixture', version: '1.0.0' },
      { capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} } },
    );
    server.setRequestHandler('tools/list', () => ({
      tools: Object.keys(TOOLS).map((name) => ({
        name,
        description: `Does what its name says: ${name}`,
        inputSchema: { type: 'object' as const, properties: (ARGUMENTS[name] ?? {}) as never },
      })),
    }));
    server.setRequestHandler('tools/call', async ({ params }, context) => {
      const tool = TOOLS[params.name];
      if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool');
      return (await tool(roundOf(params, context))) as never;
    });
    server.setRequestHandler('prompts/list', () => ({
      prompts: Object.entries(PROMPTS).map(([name, { args }]) => ({
        name,
        description: `Says what its name says: ${name}`,
        arguments: args.map((arg) => ({ name: arg, required: true })),
      })),
    }));
    server.setRequestHandler('prompts/get', ({ params }, context) => {
      const prompt = PROMPTS[params.name];
      if (prompt === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown prompt');
      return prompt.get(roundOf(params, context)) as never;
    });
    server.setRequestHandler('resources/list', () => ({
      resources: ['static-text', 'static-binary', 'watched-resource'].map((name) => ({
        uri: `test://${name}`,
        name,
        description: name,
      })),
    }));
    server.setRequestHandler('resources/templates/list', () => ({
      resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', description: 'By id' }],
    }));
    server.setRequestHandler('resources/read', ({ params }) => ({ contents: [readResource(params.uri)] as never }));
    server.setRequestHandler('completion/complete', () => ({
      completion: { values: ['paris', 'park'], hasMore: false },
    }));
    return server;
  });

export const startFixture = async (): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const handler = createFixture();
  const served = await serveLoopback((request) => handler.fetch(request), 0, systemClock);
  return { url: `http://127.0.0.1:${served.port}/mcp`, close: served.close };
};
