import { type Fields, fieldsOf, isObject, isSent, listOf, stringOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { mostOutputTokens, takesOneSamplingParameter } from './anthropic-models.ts';
import { checkThread } from './check-thread.ts';
import { badRequest } from './reject-anthropic.ts';

const COUNTED = [
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'speed',
];
const KNOWN = new Set([
  ...COUNTED,
  ...[
    'max_tokens',
    'stop_sequences',
    'stream',
    'temperature',
    'top_p',
    'top_k',
    'metadata',
    'service_tier',
    'container',
  ],
  ...['context_management', 'mcp_servers', 'inference_geo', 'diagnostics', 'user_profile_id', 'workspace_id'],
]);
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;
const CHOICES = ['auto', 'any', 'tool', 'none'];

const checkNumber = (request: SimRequest, body: Fields, field: string, from: number, to: number): void => {
  const value = body[field];
  if (value === undefined) return;
  if (typeof value !== 'number') throw badRequest(request, `${field}: Input should be a valid number`);
  if (value < from) throw badRequest(request, `${field}: Input should be greater than or equal to ${from}`);
  if (value > to) throw badRequest(request, `${field}: Input should be less than or equal to ${to}`);
};

const checkTools = (request: SimRequest, body: Fields): void => {
  const choice = fieldsOf(body.tool_choice);
  const tools = listOf(body.tools).map(fieldsOf);
  if (isSent(body.tools) && !Array.isArray(body.tools))
    throw badRequest(request, 'tools: Input should be a valid list');
  for (const [index, tool] of tools.entries()) {
    const at = `tools.${index}`;
    if (!TOOL_NAME.test(stringOf(tool.name))) {
      throw badRequest(request, `${at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    }
    // Tools of the provider's own carry a dated type and no schema.
    if (isSent(tool.type) && tool.type !== 'custom') {
      if (/_\d{8}$/.test(stringOf(tool.type))) continue;
      throw badRequest(
        request,
        `${at}: Input tag '${stringOf(tool.type)}' found using 'type' does not match any of the expected tags`,
      );
    }
    if (!isObject(tool.input_schema)) throw badRequest(request, `${at}.custom.input_schema: Field required`);
    if (tool.input_schema.type !== 'object')
      throw badRequest(request, `${at}.custom.input_schema.type: Input should be 'object'`);
    const unknown = Object.keys(tool).find(
      (key) =>
        ![
          'name',
          'description',
          'input_schema',
          'type',
          'cache_control',
          'strict',
          'defer_loading',
          'allowed_callers',
          'eager_input_streaming',
          'input_examples',
        ].includes(key),
    );
    if (unknown !== undefined) throw badRequest(request, `${at}.custom.${unknown}: Extra inputs are not permitted`);
  }
  if (new Set(tools.map((tool) => tool.name)).size < tools.length)
    throw badRequest(request, 'tools: Tool names must be unique.');
  if (!isSent(body.tool_choice)) return;
  if (!CHOICES.includes(stringOf(choice.type))) {
    throw badRequest(
      request,
      `tool_choice: Input tag '${stringOf(choice.type)}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
    );
  }
  if (choice.type === 'none' && choice.disable_parallel_tool_use !== undefined) {
    throw badRequest(request, 'tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted');
  }
  if (tools.length === 0) throw badRequest(request, 'tool_choice may only be specified while providing tools.');
  if (choice.type === 'tool' && !tools.some((tool) => tool.name === choice.name)) {
    throw badRequest(request, `Tool '${stringOf(choice.name)}' not found in provided tools`);
  }
};

const checkThinking = (request: SimRequest, body: Fields): void => {
  const { type, budget_tokens: budget } = fieldsOf(body.thinking);
  if (type === undefined || type === 'disabled') return;
  if (type === 'enabled') {
    if (typeof budget !== 'number' || budget < 1_024) {
      throw badRequest(request, 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
    }
    if (typeof body.max_tokens === 'number' && budget >= body.max_tokens) {
      throw badRequest(request, '`max_tokens` must be greater than `thinking.budget_tokens`.');
    }
  } else if (type !== 'adaptive')
    throw badRequest(
      request,
      "thinking: Input tag does not match any of the expected tags: 'enabled', 'disabled', 'adaptive'",
    );
  if (isSent(body.temperature) && body.temperature !== 1) {
    throw badRequest(request, '`temperature` may only be set to 1 when thinking is enabled.');
  }
  if (isSent(body.top_k)) throw badRequest(request, '`top_k` must be unset when thinking is enabled.');
  if (['any', 'tool'].includes(stringOf(fieldsOf(body.tool_choice).type))) {
    throw badRequest(request, 'Thinking may not be enabled when tool_choice forces tool use.');
  }
};

const checkSystem = (request: SimRequest, system: unknown): void => {
  if (system === undefined || typeof system === 'string') return;
  if (!Array.isArray(system)) throw badRequest(request, 'system: Input should be a valid list');
  for (const [index, block] of system.map(fieldsOf).entries()) {
    if (block.type !== 'text') throw badRequest(request, `system.${index}.type: Input should be 'text'`);
    if (stringOf(block.text) === '') throw badRequest(request, 'system: text content blocks must be non-empty');
  }
};

const checkCacheControl = (request: SimRequest, body: Fields): void => {
  const marks = JSON.stringify([body.tools, body.system, body.messages]).match(/"cache_control":\{/g) ?? [];
  if (marks.length > 4)
    throw badRequest(request, `A maximum of 4 blocks with cache_control may be provided. Found ${marks.length}.`);
};

const checkCommon = (request: SimRequest, body: Fields): void => {
  if (typeof body.model !== 'string') throw badRequest(request, 'model: Field required');
  if (!Array.isArray(body.messages)) throw badRequest(request, 'messages: Field required');
  checkSystem(request, body.system);
  checkTools(request, body);
  checkThinking(request, body);
  checkThread(request, body);
  checkCacheControl(request, body);
};

/** Refuses what `count_tokens` refuses. Errors: `Rejection`. */
export const checkCountTokens = (request: SimRequest, body: Fields): void => {
  const unknown = Object.keys(body).find((key) => !COUNTED.includes(key));
  if (unknown !== undefined) throw badRequest(request, `${unknown}: Extra inputs are not permitted`);
  checkCommon(request, body);
};

/** Refuses what the messages API refuses, unknown fields included. Errors: `Rejection` in the API's own words. */
export const checkMessages = (request: SimRequest, body: Fields): void => {
  const unknown = Object.keys(body).find((key) => !KNOWN.has(key));
  if (unknown !== undefined) throw badRequest(request, `${unknown}: Extra inputs are not permitted`);
  if (body.max_tokens === undefined) throw badRequest(request, 'max_tokens: Field required');
  checkNumber(request, body, 'max_tokens', 1, Number.MAX_SAFE_INTEGER);
  const most = mostOutputTokens(stringOf(body.model));
  if (Number(body.max_tokens) > most) {
    throw badRequest(
      request,
      `max_tokens: ${Number(body.max_tokens)} > ${most}, which is the maximum allowed number of output tokens for ${stringOf(body.model)}`,
    );
  }
  checkNumber(request, body, 'temperature', 0, 1);
  checkNumber(request, body, 'top_p', 0, 1);
  checkNumber(request, body, 'top_k', 0, 500);
  if (isSent(body.temperature) && isSent(body.top_p) && takesOneSamplingParameter(stringOf(body.model))) {
    throw badRequest(
      request,
      '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
    );
  }
  if (body.stop_sequences !== undefined && !Array.isArray(body.stop_sequences)) {
    throw badRequest(request, 'stop_sequences: Input should be a valid list');
  }
  if (listOf(body.stop_sequences).some((stop) => stringOf(stop).trim() === '')) {
    throw badRequest(request, 'stop_sequences: each stop sequence must contain non-whitespace');
  }
  if (body.stream !== undefined && typeof body.stream !== 'boolean')
    throw badRequest(request, 'stream: Input should be a valid boolean');
  const format = fieldsOf(body.output_config).format;
  if (isSent(format) && !isObject(fieldsOf(format).schema))
    throw badRequest(request, 'output_config.format.schema: Field required');
  const strange = Object.keys(fieldsOf(body.metadata)).find((key) => key !== 'user_id');
  if (strange !== undefined) throw badRequest(request, `metadata.${strange}: Extra inputs are not permitted`);
  checkCommon(request, body);
};
