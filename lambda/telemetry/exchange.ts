import { type CallFacts, type CallRequest, noFacts } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import type { Refusal } from '../core/refusal.ts';
import { type AgentFacts, type LlmFacts, type McpFacts, type Records, type TokenFacts, toRecord } from './record.ts';

export interface ExchangeAbout {
  readonly id: string;
  readonly gateway: string;
  readonly policy: string;
  readonly surface: string;
  readonly route: string;
  readonly request: CallRequest;
}

/** One call from its first byte to its last: collects what the record will say, and writes it exactly once. */
export class Exchange {
  readonly facts: CallFacts = noFacts();
  readonly startedMs: number;
  principal: Principal | undefined;
  llm: LlmFacts | undefined;
  mcp: McpFacts | undefined;
  agent: AgentFacts | undefined;
  token: TokenFacts | undefined;
  readonly #about: ExchangeAbout;
  readonly #clock: Clock;
  readonly #records: Records;
  readonly #ended: () => void;
  #written = false;

  /** `ended` is called once, when nothing more can happen to the call. */
  constructor(about: ExchangeAbout, clock: Clock, records: Records, ended: () => void) {
    this.#about = about;
    this.#clock = clock;
    this.#records = records;
    this.#ended = ended;
    this.startedMs = clock();
  }

  get id(): string {
    return this.#about.id;
  }

  get request(): CallRequest {
    return this.#about.request;
  }

  /** Adds what is known now about the model's side of the call. */
  note(facts: Partial<LlmFacts>): void {
    if (this.llm !== undefined) this.llm = { ...this.llm, ...facts };
  }

  /** The same about an MCP call. */
  noteMcp(facts: Partial<McpFacts>): void {
    if (this.mcp !== undefined) this.mcp = { ...this.mcp, ...facts };
  }

  /** The same about a call to an agent. */
  noteAgent(facts: Partial<AgentFacts>): void {
    if (this.agent !== undefined) this.agent = { ...this.agent, ...facts };
  }

  finish(status: number, refusal?: Refusal): void {
    if (this.#written) return;
    this.#written = true;
    this.#ended();
    const { facts, startedMs, principal, llm, mcp, agent, token } = this;
    const seen = {
      ...this.#about,
      facts,
      startedMs,
      principal,
      ...(llm === undefined ? {} : { llm }),
      ...(mcp === undefined ? {} : { mcp }),
      ...(agent === undefined ? {} : { agent }),
      ...(token === undefined ? {} : { token }),
    };
    const end = { status, endedMs: this.#clock(), ...(refusal === undefined ? {} : { refusal }) };
    this.#records.write(toRecord(seen, end));
  }
}
