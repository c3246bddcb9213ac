import type { CompiledLlmProvider, ModelTarget } from '../../config/compiled.ts';
import type { Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { Refusal } from '../core/refusal.ts';
import { askedMs, blames, evictionMs, type HeardError, isUnhealthy, responseCode } from './judge-health.ts';
import type { Provider } from './provider.ts';
import type { Eviction, ProviderHealth, Written } from './provider-health.ts';

/** Others keep away for this long at most while one caller tries: longer than most answers take to begin. */
const TRY_MS = 60_000;

const STAGE = 'health';

type Providers = Readonly<Record<string, CompiledLlmProvider>>;

export interface HealthPorts {
  readonly clock: Clock;
  /** Absent: nobody is ever left out. */
  readonly health?: ProviderHealth;
}

/** One target's turn to be asked, and what came of it. */
export interface Turn {
  readonly target: ModelTarget;
  /** Someone else could still be asked. */
  readonly othersLeft: boolean;
  /** Its settings, with less patience for a streamed answer while others are left. */
  settings(config: CompiledLlmProvider): CompiledLlmProvider;
  /** The same provider, listened to. */
  heard(provider: Provider): Provider;
  answered(status: number | undefined): void;
  failed(refusal: Refusal): void;
}

/**
 * Gives each target its turn: the well ones in their order; those that are left out for a while, not at all; when none is
 * well, all of them, the one left out for longest first. After its time one caller at a time tries a target, and until that
 * went well the others keep away. What comes of each turn is judged by the policy's `health` and told to every process.
 */
export class TurnsByHealth {
  readonly #call: Call;
  readonly #targets: readonly ModelTarget[];
  readonly #providers: Providers;
  readonly #clock: Clock;
  readonly #health: ProviderHealth | undefined;
  readonly #telling: Promise<unknown>[] = [];
  /** Tries of which nothing has come yet: key → which eviction. */
  readonly #tries = new Map<string, number>();
  #failedOpen = false;

  constructor(call: Call, targets: readonly ModelTarget[], providers: Providers, { clock, health }: HealthPorts) {
    this.#call = call;
    this.#targets = targets;
    this.#providers = providers;
    this.#clock = clock;
    this.#health = health;
  }

  async *turns(): AsyncGenerator<Turn> {
    const evictions = await this.#read();
    const evictionOf = (target: ModelTarget): Eviction | undefined => evictions.get(keyOf(target));
    const now = this.#clock();
    const open = this.#targets.filter((target) => mayBeTried(evictionOf(target), now));
    const leftOut = new Set(this.#targets.filter((target) => !open.includes(target)));
    let asked = false;
    for (const [index, target] of open.entries()) {
      const eviction = evictionOf(target);
      if (eviction !== undefined && !(await this.#startTry(target, eviction))) {
        leftOut.add(target);
        continue;
      }
      asked = true;
      for (const one of leftOut) this.#note('skip', keyOf(one));
      leftOut.clear();
      yield this.#turn(target, index < open.length - 1, eviction);
    }
    if (asked) return;

    const longestFirst = this.#targets.toSorted(
      (a, b) => (evictionOf(a)?.sinceMs ?? 0) - (evictionOf(b)?.sinceMs ?? 0),
    );
    for (const [index, target] of longestFirst.entries()) {
      yield this.#turn(target, index < longestFirst.length - 1, evictionOf(target));
    }
  }

  /** Every process has been told, or could not be. Who tried and has learnt nothing lets the next one try. */
  async settled(): Promise<void> {
    for (const [key, times] of this.#tries) this.#tell((health) => health.endTry(key, times));
    await Promise.all(this.#telling);
  }

  #turn(target: ModelTarget, othersLeft: boolean, eviction: Eviction | undefined): Turn {
    const rules = this.#providers[target.provider]?.health;
    if (this.#health === undefined || rules === undefined) {
      return { target, othersLeft, settings: same, heard: same, answered: () => {}, failed: () => {} };
    }

    const key = keyOf(target);
    const startedMs = this.#clock();
    let error: HeardError | undefined;
    const evict = (asked: number): void => {
      this.#tries.delete(key);
      // Only who has failed after its time was over has failed once more.
      const before = eviction?.times ?? 1;
      const times = eviction !== undefined && eviction.untilMs <= startedMs ? before + 1 : before;
      this.#tell((health) => health.evict(key, this.#clock() + evictionMs(rules, times, asked), times));
    };
    const isWell = (): void => {
      this.#tries.delete(key);
      if (eviction !== undefined) this.#tell((health) => health.clear(key, eviction.times));
    };
    return {
      target,
      othersLeft,
      settings: (config) => (othersLeft && isStreamed(this.#call) ? lessPatient(config) : config),
      heard: (provider) => ({
        ...provider,
        toRefusal: (status, body, headers) => {
          error = { status, headers };
          return provider.toRefusal(status, body, headers);
        },
      }),
      answered: (status = 200) => (isUnhealthy(rules, target, status, {}) ? evict(0) : isWell()),
      failed: (refusal) => {
        const blamed = this.#call.signal.aborted ? 'nobody' : blames(refusal);
        if (blamed === 'nobody') return;
        const bad =
          blamed === 'provider' && isUnhealthy(rules, target, responseCode(refusal, error), error?.headers ?? {});
        if (bad) evict(askedMs(refusal, error, this.#clock()));
        else isWell();
      },
    };
  }

  async #read(): Promise<ReadonlyMap<string, Eviction>> {
    const keys = this.#targets.filter(({ provider }) => this.#providers[provider]?.health !== undefined).map(keyOf);
    // With nobody else to ask there is nothing to decide.
    if (this.#health === undefined || this.#targets.length < 2 || keys.length === 0) return new Map();
    const evictions = await this.#health.read(keys);
    if (evictions === undefined) this.#noteFailedOpen();
    return evictions ?? new Map();
  }

  async #startTry(target: ModelTarget, { times }: Eviction): Promise<boolean> {
    const started = await this.#health?.startTry(keyOf(target), this.#clock() + TRY_MS, times);
    if (started === 'unavailable') this.#noteFailedOpen();
    if (started === 'written') this.#tries.set(keyOf(target), times);
    return started !== 'overtaken';
  }

  /** Not waited for here: the next target is asked meanwhile. A store that did not answer before is not asked again. */
  #tell(tell: (health: ProviderHealth) => Promise<Written>): void {
    if (this.#health === undefined || this.#failedOpen) return;
    const telling = tell(this.#health).then((written) => {
      if (written === 'unavailable') this.#noteFailedOpen();
    });
    telling.catch(() => {}); // A bug is thrown by whoever waits for it, not past everyone.
    this.#telling.push(telling);
  }

  #noteFailedOpen(): void {
    if (!this.#failedOpen) this.#note('failed-open');
    this.#failedOpen = true;
  }

  #note(result: 'skip' | 'failed-open', rule?: string): void {
    this.#call.facts.decisions.push({ stage: STAGE, result, ...(rule === undefined ? {} : { rule }) });
  }
}

/**
 * A model of a provider, not the provider as a whole: limits are a model's, and a caller that may name any model must not be
 * able to have the others left out with it.
 */
const keyOf = ({ provider, model }: ModelTarget): string => `${provider}/${model}`;

const mayBeTried = (eviction: Eviction | undefined, now: number): boolean =>
  eviction === undefined || (eviction.untilMs <= now && (eviction.triedUntilMs ?? 0) <= now);

const isStreamed = (call: Call): boolean => 'stream' in call && call.stream === true;

const lessPatient = (config: CompiledLlmProvider): CompiledLlmProvider => {
  const firstByteMs = Math.min(config.timeouts.firstByteMs, config.health?.firstByteMs ?? Number.POSITIVE_INFINITY);
  return { ...config, timeouts: { ...config.timeouts, firstByteMs } };
};

const same = <Value>(value: Value): Value => value;
