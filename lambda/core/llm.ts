import type { Call } from './call.ts';

/**
 * The hub: one vocabulary between every dialect that callers speak and every dialect that providers speak. Content is a list
 * of blocks (as Anthropic and Bedrock have it), the most expressive of the forms. What only one provider understands stays
 * opaque on its block and never reaches another.
 */

/** How a request or an answer is written on the wire. */
export type Dialect = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini' | 'bedrock-converse';

/** A mark after a block: the provider may cache the prompt up to here. */
export interface CacheMark {
  readonly ttl?: '5m' | '1h';
}

export type MediaSource =
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string };

export interface TextBlock {
  readonly type: 'text';
  readonly text: string;
  readonly cache?: CacheMark;
}

export interface ImageBlock {
  readonly type: 'image';
  readonly source: MediaSource;
  readonly detail?: string;
  readonly cache?: CacheMark;
}

export interface DocumentBlock {
  readonly type: 'document';
  readonly source: MediaSource | { readonly type: 'text'; readonly text: string };
  readonly name?: string;
  readonly cache?: CacheMark;
}

export interface AudioBlock {
  readonly type: 'audio';
  readonly format: string;
  readonly data: string;
}

export interface ToolCallBlock {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** JSON text exactly as the model or the caller wrote it; may be unparsable when a model was cut off. */
  readonly arguments: string;
  readonly cache?: CacheMark;
  /** Opaque to everyone but the provider that made it (Gemini `thoughtSignature`). */
  readonly signature?: string;
}

export interface ToolResultBlock {
  readonly type: 'tool-result';
  readonly callId: string;
  readonly content: readonly Block[];
  readonly isError: boolean;
  readonly cache?: CacheMark;
}

export interface ThinkingBlock {
  readonly type: 'thinking';
  readonly text: string;
  readonly signature?: string;
}

export interface RedactedThinkingBlock {
  readonly type: 'redacted-thinking';
  readonly data: string;
}

/** A block that only its own dialect has a name for. Passes there, is refused or named as dropped elsewhere. */
export interface OtherBlock {
  readonly type: 'other';
  readonly dialect: Dialect;
  readonly kind: string;
  readonly raw: unknown;
}

export type Block =
  | TextBlock
  | ImageBlock
  | DocumentBlock
  | AudioBlock
  | ToolCallBlock
  | ToolResultBlock
  | ThinkingBlock
  | RedactedThinkingBlock
  | OtherBlock;

/** Tool results are blocks of a `user` message. System text is not a message: see `LlmRequest.system`. */
export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: readonly Block[];
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments; absent means no arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
  readonly cache?: CacheMark;
}

export type ToolChoice =
  | { readonly type: 'auto' }
  | { readonly type: 'none' }
  | { readonly type: 'required' }
  | { readonly type: 'tool'; readonly name: string };

export type ResponseFormat =
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema';
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict: boolean;
    };

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';

export interface LlmRequest {
  readonly system: readonly TextBlock[];
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stop: readonly string[];
  readonly seed?: number;
  readonly n?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly responseFormat?: ResponseFormat;
  readonly reasoning?: { readonly effort?: Effort; readonly budgetTokens?: number };
  /** Whom the caller says it serves: opaque, never an identity. */
  readonly user?: string;
  readonly serviceTier?: string;
  /** Names of parameters that only the caller's dialect has: kept when it passes through, named as dropped otherwise. */
  readonly foreign: readonly string[];
  /** Tools that only the caller's dialect has (web search and the like), by their type. */
  readonly foreignTools: readonly string[];
}

export interface LlmCall extends Call {
  readonly dialect: Dialect;
  /** What the caller asked for: an alias, or a provider's own name for a model. */
  readonly model: string;
  readonly stream: boolean;
  /** The caller wants usage in its stream. Anthropic's dialect always has it. */
  readonly includeUsage: boolean;
  /** What the caller sent, every field of it; passes through where the provider speaks the same dialect. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The same in the hub's words. */
  readonly prompt: LlmRequest;
  /** From 0 up to 1, drawn once a call: every stage has to see the same one of several weighted targets. */
  readonly drawn?: number;
  /** Headers of the caller's dialect that mean something to a provider of the same dialect (`anthropic-beta`). */
  readonly dialectHeaders: Readonly<Record<string, string>>;
}

export type FinishReason = 'stop' | 'length' | 'tool-call' | 'filtered';

/** Tokens of five kinds, disjoint where money is concerned: `input` excludes both cache kinds, `output` includes `reasoning`. */
export interface Usage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** How much of `cacheWrite` is kept for an hour: it costs more. */
  readonly cacheWrite1h?: number;
  readonly output: number;
  readonly reasoning: number;
  /** The provider did not say: we counted. */
  readonly estimated?: true;
}

/** The frame of the upstream's own stream in which a part arrived: written again unchanged where dialects agree. */
export interface NativeFrame {
  readonly dialect: Dialect;
  readonly event: string | undefined;
  readonly data: string;
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

type Part =
  | { readonly type: 'start'; readonly id: string; readonly model: string; readonly created?: number }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'thinking-signature'; readonly signature: string }
  | { readonly type: 'redacted-thinking'; readonly data: string }
  /** `index` counts tool calls from 0, whatever else the answer holds. */
  | {
      readonly type: 'tool-call';
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly signature?: string;
    }
  | { readonly type: 'tool-arguments'; readonly index: number; readonly json: string }
  /** Cumulative: a later one replaces the fields it has. */
  | { readonly type: 'usage'; readonly usage: Partial<Usage> }
  | { readonly type: 'finish'; readonly reason: FinishReason; readonly stopSequence?: string }
  /** A frame with nothing in it for the hub: a ping, or something new. */
  | { readonly type: 'other' }
  /** The provider's own terminator was seen: only now is the answer whole. */
  | { readonly type: 'end' };

/** One step of an answer as it streams. At most one part of each upstream frame carries it as `native`, the first. */
export type LlmPart = Part & { readonly native?: NativeFrame };

/** A whole answer. */
export interface LlmMessage {
  readonly id: string;
  readonly model: string;
  readonly created?: number;
  readonly content: readonly Block[];
  readonly finish: FinishReason;
  readonly stopSequence?: string;
  readonly usage: Usage;
}

export const NO_USAGE: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** All tokens that went in, cached or not: what OpenAI calls prompt tokens. */
export const promptTokens = (usage: Usage): number => usage.input + usage.cacheRead + usage.cacheWrite;

export interface ServedBy {
  /** The provider's name in the policy. */
  readonly provider: string;
  /** The model asked of it. */
  readonly model: string;
}

/** A whole answer keeps the provider's own body when it is in the caller's dialect. */
export type LlmReply = ServedBy &
  (
    | { readonly type: 'whole'; readonly message: LlmMessage; readonly native?: Readonly<Record<string, unknown>> }
    | { readonly type: 'stream'; readonly parts: AsyncIterable<LlmPart> }
  );
