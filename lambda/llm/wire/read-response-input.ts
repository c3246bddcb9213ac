import type { Block, Message, TextBlock } from '../../core/llm.ts';
import { readCarried } from '../../providers/carried-reasoning.ts';
import { arrayAt, invalid, isObject, type Json, objectAt, oneOf, stringAt } from './fields.ts';
import type { Lost } from './lost.ts';
import { base64, readMediaUrl } from './media.ts';

/** What the server would fill the input from; who may use them is for `server-state.ts` to say. */
const FILLED_BY = ['previous_response_id', 'conversation', 'prompt'];

/** The items of `input` as a conversation: calls and what was thought before them join the assistant's turn (R148). */
export const readResponseInput = (body: Json, lost: Lost): { system: TextBlock[]; messages: Message[] } => {
  const { input } = body;
  if (typeof input === 'string')
    return { system: [], messages: [{ role: 'user', content: [{ type: 'text', text: input }] }] };
  const filled = FILLED_BY.some((name) => body[name] !== undefined && body[name] !== null);
  if ((input === undefined || input === null) && filled) return { system: [], messages: [] };
  if (!Array.isArray(input)) throw invalid('input', 'expected a string or a list of items');
  if (input.length === 0 && !filled) throw invalid('input', 'expected at least one item');
  const conversation = new Conversation(lost);
  input.forEach((raw, index) => {
    conversation.add(objectAt(raw, `input[${index}]`), `input[${index}]`);
  });
  return conversation;
};

class Conversation {
  readonly system: TextBlock[] = [];
  readonly messages: { role: Message['role']; content: Block[] }[] = [];
  readonly #lost: Lost;
  /** Belongs to the call that follows (R83). */
  #callSignature: string | undefined;

  constructor(lost: Lost) {
    this.#lost = lost;
  }

  add(item: Json, at: string): void {
    const type = item.type ?? (item.role === undefined && typeof item.id === 'string' ? 'item_reference' : 'message');
    switch (type) {
      case 'message':
        this.#message(item, at);
        break;
      case 'function_call':
        this.#call(item, at);
        break;
      case 'function_call_output':
        this.#push('user', [
          {
            type: 'tool-result',
            callId: stringAt(item.call_id, `${at}.call_id`),
            content: readContent(item.output, `${at}.output`),
            isError: false,
          },
        ]);
        break;
      case 'reasoning':
        this.#reasoning(item);
        break;
      default: // Something that OpenAI's own tools, or its server, left in the conversation.
        this.#push('user', [
          { type: 'other', dialect: 'openai-responses', kind: stringAt(type, `${at}.type`), raw: item },
        ]);
    }
  }

  #message(item: Json, at: string): void {
    const role = oneOf(item.role, `${at}.role`, ['user', 'assistant', 'system', 'developer']);
    const content = readContent(item.content, `${at}.content`);
    if (role === 'user' || role === 'assistant') this.#push(role, content);
    else for (const [index, block] of content.entries()) this.system.push(textOnly(block, `${at}.content[${index}]`)); // R1
  }

  #call(item: Json, at: string): void {
    const signature = this.#callSignature;
    this.#callSignature = undefined;
    this.#push('assistant', [
      {
        type: 'tool-call',
        id: stringAt(item.call_id, `${at}.call_id`),
        name: stringAt(item.name, `${at}.name`),
        arguments: stringAt(item.arguments ?? '', `${at}.arguments`),
        ...(signature === undefined ? {} : { signature }),
      },
    ]);
  }

  /** R80: only what we sealed ourselves can be opened; of OpenAI's own the summary is left, which nobody else has a use for. */
  #reasoning(item: Json): void {
    const carried = readCarried(item.encrypted_content);
    if (carried === undefined) {
      if (typeof item.encrypted_content === 'string') this.#lost.add('input.reasoning.encrypted_content');
      if (summaryOf(item) !== '') this.#push('assistant', [{ type: 'thinking', text: summaryOf(item) }]);
    } else if (carried.kind === 'call') {
      this.#callSignature = carried.value;
    } else if (carried.kind === 'redacted') {
      this.#push('assistant', [{ type: 'redacted-thinking', data: carried.value }]);
    } else {
      const signature = carried.value === '' ? {} : { signature: carried.value };
      this.#push('assistant', [{ type: 'thinking', text: summaryOf(item), ...signature }]);
    }
  }

  /** One turn a role (R6, R41); an empty one is none (R9). */
  #push(role: Message['role'], blocks: readonly Block[]): void {
    if (blocks.length === 0) return;
    const last = this.messages.at(-1);
    if (last?.role === role) for (const block of blocks) last.content.push(block);
    else this.messages.push({ role, content: [...blocks] });
  }
}

const summaryOf = (item: Json): string =>
  [item.summary, item.content]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .flatMap((part) => (isObject(part) && typeof part.text === 'string' ? [part.text] : []))
    .join('');

const textOnly = (block: Block, at: string): TextBlock => {
  if (block.type !== 'text') throw invalid(at, 'expected text in a system message');
  return block;
};

/** R2: a string or a list of parts, for every role and for the results of tools. */
const readContent = (content: unknown, at: string): Block[] => {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return arrayAt(content, at).map((raw, index) => readPart(objectAt(raw, `${at}[${index}]`), `${at}[${index}]`));
};

type PartReader = (part: Json, at: string) => Block;

const text: PartReader = (part, at) => ({ type: 'text', text: stringAt(part.text, `${at}.text`) });

const other: PartReader = (part, at) => ({
  type: 'other',
  dialect: 'openai-responses',
  kind: stringAt(part.type, `${at}.type`),
  raw: part,
});

const PARTS = new Map<unknown, PartReader>([
  ['input_text', text],
  ['output_text', text],
  ['refusal', (part, at) => ({ type: 'text', text: stringAt(part.refusal, `${at}.refusal`) })], // R12
  [
    'input_image',
    (part, at) => (typeof part.image_url === 'string' ? readImage(part.image_url, part, at) : other(part, at)),
  ],
  ['input_file', (part, at) => readFile(part, at)],
  [
    'input_audio',
    (part, at) => {
      const audio = objectAt(part.input_audio, `${at}.input_audio`);
      return {
        type: 'audio',
        format: stringAt(audio.format, `${at}.input_audio.format`),
        data: stringAt(audio.data, `${at}.input_audio.data`),
      };
    },
  ],
]);

const readPart: PartReader = (part, at) => (PARTS.get(part.type) ?? other)(part, at);

const readImage = (url: string, part: Json, at: string): Block => ({
  type: 'image',
  source: readMediaUrl(url, `${at}.image_url`),
  ...(typeof part.detail === 'string' ? { detail: part.detail } : {}),
});

/** R90. A file by its id is on OpenAI's server. Data without a `data:` before it is a PDF: all that the dialect takes in that form. */
const readFile: PartReader = (part, at) => {
  const name = typeof part.filename === 'string' ? { name: part.filename } : {};
  if (typeof part.file_data === 'string') {
    const data = part.file_data;
    const source = /^data:/i.test(data)
      ? readMediaUrl(data, `${at}.file_data`)
      : base64('application/pdf', data, `${at}.file_data`);
    return { type: 'document', source, ...name };
  }
  if (typeof part.file_url === 'string')
    return { type: 'document', source: readMediaUrl(part.file_url, `${at}.file_url`), ...name };
  return other(part, at);
};
