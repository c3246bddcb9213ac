import { type Fields, fieldsOf, isObject, isSent, listOf, stringOf } from '../json.ts';
import type { SimRequest } from '../simulator.ts';
import { forcedChoices, isClaude } from './bedrock-models.ts';
import { checkConversation } from './check-conversation.ts';
import { invalid } from './reject-bedrock.ts';

const TOP = [
  ...[
    'messages',
    'system',
    'inferenceConfig',
    'toolConfig',
    'guardrailConfig',
    'additionalModelRequestFields',
    'promptVariables',
  ],
  ...['additionalModelResponseFieldPaths', 'requestMetadata', 'performanceConfig', 'serviceTier', 'outputConfig'],
];
const INFERENCE = ['maxTokens', 'temperature', 'topP', 'stopSequences'];
const CLAUDE = [
  'thinking',
  'top_k',
  'anthropic_beta',
  'tool_choice',
  'tools',
  'output_config',
  'anthropic_version',
  'metadata',
];
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const noStrangers = (request: SimRequest, fields: Fields, known: readonly string[], at: string): void => {
  const stranger = Object.keys(fields).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw invalid(request, `The model returned the following errors: ${at}${stranger}: Extra inputs are not permitted`);
  }
};

const constraint = (request: SimRequest, value: unknown, at: string, rule: string) =>
  invalid(
    request,
    `1 validation error detected: Value '${JSON.stringify(value)}' at '${at}' failed to satisfy constraint: Member must ${rule}`,
  );

const checkInference = (request: SimRequest, body: Fields): void => {
  const config = fieldsOf(body.inferenceConfig);
  noStrangers(request, config, INFERENCE, 'inferenceConfig.');
  for (const field of ['temperature', 'topP']) {
    const value = config[field];
    if (value === undefined) continue;
    if (typeof value !== 'number' || value < 0)
      throw constraint(request, value, `inferenceConfig.${field}`, 'have value greater than or equal to 0');
    if (value > 1) throw constraint(request, value, `inferenceConfig.${field}`, 'have value less than or equal to 1');
  }
  if (config.maxTokens !== undefined && (!Number.isInteger(config.maxTokens) || Number(config.maxTokens) < 1)) {
    throw constraint(request, config.maxTokens, 'inferenceConfig.maxTokens', 'have value greater than or equal to 1');
  }
  if (config.stopSequences !== undefined && !Array.isArray(config.stopSequences)) {
    throw invalid(request, 'STRING_VALUE can not be converted to a List');
  }
  if (listOf(config.stopSequences).some((stop) => stringOf(stop).trim() === '')) {
    throw invalid(
      request,
      'The model returned the following errors: stop_sequences: each stop sequence must contain non-whitespace',
    );
  }
};

const checkTools = (request: SimRequest, model: string, body: Fields): void => {
  if (!isSent(body.toolConfig)) return;
  const config = fieldsOf(body.toolConfig);
  noStrangers(request, config, ['tools', 'toolChoice'], 'toolConfig.');
  if (listOf(config.tools).length === 0)
    throw constraint(request, [], 'toolConfig.tools', 'have length greater than or equal to 1');
  const names = listOf(config.tools).map((raw, index) => {
    const tool = fieldsOf(raw);
    const at = `toolConfig.tools.${index}.member.toolSpec`;
    if (Object.keys(tool).length !== 1)
      throw invalid(
        request,
        `Invalid number of parameters set for tagged union structure toolConfig.tools[${index}]. Can only set one of: toolSpec, systemTool, cachePoint.`,
      );
    if (!isSent(tool.toolSpec)) return undefined;
    const spec = fieldsOf(tool.toolSpec);
    noStrangers(request, spec, ['name', 'description', 'inputSchema', 'strict'], `toolConfig.tools.${index}.toolSpec.`);
    if (!NAME.test(stringOf(spec.name)))
      throw constraint(
        request,
        spec.name,
        `${at}.name`,
        'satisfy regular expression pattern: [a-zA-Z0-9_-]+ and have length less than or equal to 64',
      );
    if (spec.description === '')
      throw constraint(request, '', `${at}.description`, 'have length greater than or equal to 1');
    const schema = fieldsOf(spec.inputSchema).json;
    if (!isObject(schema)) throw constraint(request, null, `${at}.inputSchema`, 'not be null');
    if (schema.type !== 'object')
      throw invalid(
        request,
        `The value at toolConfig.tools.${index}.toolSpec.inputSchema.json.type must be one of the following: object.`,
      );
    return stringOf(spec.name);
  });
  if (new Set(names.filter((name) => name !== undefined)).size < names.filter((name) => name !== undefined).length) {
    throw invalid(request, 'The toolConfig.tools contains duplicate tool names.');
  }
  const choice = fieldsOf(config.toolChoice);
  const kind = Object.keys(choice)[0];
  if (!isSent(config.toolChoice)) return;
  if (kind === undefined || !['auto', 'any', 'tool'].includes(kind)) {
    throw invalid(
      request,
      'Must set one of the following keys for tagged union structure toolConfig.toolChoice: auto, any, tool.',
    );
  }
  if (kind !== 'auto' && !forcedChoices(model).includes(kind)) {
    throw invalid(
      request,
      `This model doesn't support the toolConfig.toolChoice.${kind} field. Remove toolConfig.toolChoice.${kind} and try again.`,
    );
  }
  if (kind === 'tool' && !names.includes(stringOf(fieldsOf(choice.tool).name))) {
    throw invalid(
      request,
      `The tool ${stringOf(fieldsOf(choice.tool).name)} of toolConfig.toolChoice.tool is not in toolConfig.tools.`,
    );
  }
  const thinks = fieldsOf(fieldsOf(body.additionalModelRequestFields).thinking).type;
  if (kind !== 'auto' && isSent(thinks) && thinks !== 'disabled') {
    throw invalid(
      request,
      'The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.',
    );
  }
};

const checkMore = (request: SimRequest, model: string, body: Fields): void => {
  const more = fieldsOf(body.additionalModelRequestFields);
  if (isClaude(model)) noStrangers(request, more, CLAUDE, '');
  const thinking = fieldsOf(more.thinking);
  const { maxTokens, temperature } = fieldsOf(body.inferenceConfig);
  if (thinking.type === 'enabled') {
    if (Number(thinking.budget_tokens ?? 0) < 1_024)
      throw invalid(
        request,
        'The model returned the following errors: thinking.enabled.budget_tokens: Input should be greater than or equal to 1024',
      );
    if (isSent(maxTokens) && Number(thinking.budget_tokens) >= Number(maxTokens)) {
      throw invalid(
        request,
        'The model returned the following errors: `max_tokens` must be greater than `thinking.budget_tokens`.',
      );
    }
    if (isSent(temperature) && temperature !== 1) {
      throw invalid(
        request,
        'The model returned the following errors: `temperature` may only be set to 1 when thinking is enabled.',
      );
    }
  }
  for (const [name, value] of Object.entries(fieldsOf(body.requestMetadata))) {
    const allowed = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;
    if (!allowed.test(name) || !allowed.test(stringOf(value)) || typeof value !== 'string') {
      throw constraint(
        request,
        value,
        `requestMetadata.${name}`,
        'satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]{0,256}',
      );
    }
  }
  const format = fieldsOf(body.outputConfig).textFormat;
  if (!isSent(format)) return;
  const { schema } = fieldsOf(fieldsOf(fieldsOf(format).structure).jsonSchema);
  if (fieldsOf(format).type !== 'json_schema' || typeof schema !== 'string') {
    throw constraint(request, schema ?? null, 'outputConfig.textFormat.structure.jsonSchema.schema', 'be a string');
  }
  try {
    JSON.parse(schema);
  } catch {
    throw invalid(request, 'The schema at outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON.');
  }
};

/** Refuses what Converse refuses, unknown fields included. Errors: `Rejection` with a `ValidationException`. */
export const checkConverse = (request: SimRequest, model: string, body: Fields): void => {
  noStrangers(request, body, TOP, '');
  checkConversation(request, body);
  checkTools(request, model, body);
  checkInference(request, body);
  checkMore(request, model, body);
  const points = JSON.stringify([body.messages, body.system, body.toolConfig]).match(/"cachePoint":\{/g) ?? [];
  if (points.length > 4) throw invalid(request, `You can set at most 4 cache points, found ${points.length}.`);
};
