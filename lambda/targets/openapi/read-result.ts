import type { CompiledOpenApiTool } from '../../../config/compiled-mcp.ts';
import type { Raw } from '../../core/mcp.ts';
import { readAtMost } from '../../core/read-at-most.ts';
import { Refusal } from '../../core/refusal.ts';
import type { IncomingAnswer } from '../../providers/send.ts';
import { isRaw } from '../raw.ts';
import { readJson } from '../read-json.ts';
import { statusRefusal } from '../upstream-status.ts';

/** G49. */
const MAX_ANSWER_BYTES = 5 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_CHARACTERS = 2_000;

export interface ResultContext {
  readonly server: string;
  /** Texts that must not come back: some APIs repeat the headers that they were sent. */
  readonly secrets: readonly string[];
}

/** What is wrong, for the model: it can try again in another way (O11). */
export const toolError = (text: string, meta?: Raw): Raw => ({
  content: [{ type: 'text', text }],
  isError: true,
  ...(meta === undefined ? {} : { _meta: meta }),
});

/**
 * An HTTP answer as the result of a tool (O11).
 *
 * Errors: `Refusal('upstream_auth')` for 401: the credential is the gateway's matter.
 */
export const readResult = async (
  answer: IncomingAnswer,
  tool: CompiledOpenApiTool,
  context: ResultContext,
): Promise<Raw> => {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return readGood(answer, tool, context);
  if (status === 401) {
    answer.body.destroy();
    throw statusRefusal(status, headers);
  }
  const meta = { 'gatehouse/status': status };
  // G23: what an API says about our own credential is no business of the caller's.
  const isPrivate = status === 403 || status === 407;
  const isRedirect = status >= 300 && status < 400;
  if (isPrivate || isRedirect) {
    answer.body.destroy();
    return toolError(
      `HTTP ${status}: ${isPrivate ? 'the API does not allow this' : 'the API redirects, which is not followed'}`,
      meta,
    );
  }
  const says = await readError(answer, context);
  const seconds = statusRefusal(status, headers).retryAfterSeconds;
  const wait = seconds === undefined ? '' : ` (try again in ${seconds} seconds)`;
  return toolError(`HTTP ${status}${wait}${says === '' ? '' : `: ${says}`}`, {
    ...meta,
    ...(seconds === undefined ? {} : { 'gatehouse/retryAfterSeconds': seconds }),
  });
};

const readGood = async (answer: IncomingAnswer, tool: CompiledOpenApiTool, context: ResultContext): Promise<Raw> => {
  refuseEncoded(answer);
  const { bytes, isWhole } = await readAtMost(answer.body, MAX_ANSWER_BYTES);
  if (!isWhole) return toolError(`the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MB: ask for less`);
  if (bytes.length === 0) return { content: [{ type: 'text', text: 'OK' }] };
  const written = answer.headers['content-type'] ?? '';
  const type = essence(written);
  if (type.startsWith('audio/') || (type.startsWith('image/') && !type.endsWith('+xml'))) {
    return {
      content: [
        { type: type.startsWith('audio/') ? 'audio' : 'image', data: bytes.toString('base64'), mimeType: type },
      ],
    };
  }
  const text = isTextual(type) ? decoded(bytes, written) : type === '' ? strictUtf8(bytes) : undefined;
  if (text === undefined) return blob(bytes, type, tool, context);
  const shown = without(text, context.secrets);
  const isJson = type === '' || type === 'application/json' || type === 'text/json' || type.endsWith('+json');
  const value = isJson ? parsed(shown) : undefined;
  return value === undefined
    ? { content: [{ type: 'text', text: shown }] }
    : { content: [{ type: 'text', text: shown }], structuredContent: structured(value.json, tool) };
};

/** An object as it is; anything else, and whatever the tool promised to wrap, as `{result: …}`. */
const structured = (value: unknown, { wrapped }: CompiledOpenApiTool): Raw =>
  isRaw(value) && !wrapped ? value : { result: value };

const parsed = (text: string): { readonly json: unknown } | undefined => {
  try {
    return { json: readJson(text) };
  } catch {
    return undefined;
  }
};

const blob = (bytes: Buffer, type: string, tool: CompiledOpenApiTool, { server }: ResultContext): Raw => ({
  content: [
    {
      type: 'resource',
      resource: {
        uri: `openapi://${server}/${String(tool.definition.name)}`,
        mimeType: type === '' ? 'application/octet-stream' : type,
        blob: bytes.toString('base64'),
      },
    },
  ],
});

const readError = async (answer: IncomingAnswer, { secrets }: ResultContext): Promise<string> => {
  const type = essence(answer.headers['content-type'] ?? '');
  const isWorth = type === 'text/plain' || type === 'application/json' || type.endsWith('+json');
  if (!isWorth || answer.headers['content-encoding'] !== undefined) {
    answer.body.destroy();
    return '';
  }
  const { bytes } = await readAtMost(answer.body, MAX_ERROR_BYTES);
  const text = without(bytes.toString('utf8'), secrets)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .trim();
  return text.length > MAX_ERROR_CHARACTERS ? `${text.slice(0, MAX_ERROR_CHARACTERS).toWellFormed()}…` : text;
};

const refuseEncoded = ({ headers, body }: IncomingAnswer): void => {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return;
  body.destroy();
  throw new Refusal('upstream_failed', { reason: 'content encoding' });
};

const without = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((left, secret) => left.replaceAll(secret, '[hidden]'), text);

const essence = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase();

const isTextual = (type: string): boolean =>
  type.startsWith('text/') ||
  /[+/](json|xml|yaml|x-yaml|javascript|x-ndjson|jsonl|graphql|x-www-form-urlencoded)$/.test(type);

const strictUtf8 = (bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const decoded = (bytes: Buffer, contentType: string): string => {
  const [, label = 'utf-8'] = /;\s*charset="?([\w-]+)/i.exec(contentType) ?? [];
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes); // A charset that nobody knows.
  }
};
