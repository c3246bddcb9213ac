import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
} from 'yaml';
import { type Environment, interpolate, mayInterpolate } from './interpolate.ts';
import type { Finding, Path, Problem } from './problem.ts';
import { showPath } from './problem.ts';
import { isMarkedSecret } from './secrets.ts';
import { sourceIndex } from './yaml-offset.ts';

const MAX_BYTES = 1_048_576;
const MAX_DEPTH = 32;
/** Bounds what aliases may grow into, besides the file itself. */
const MAX_NODES = 50_000;

export interface YamlSource {
  /** The policy as plain JSON, `${NAME}` replaced. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Texts as written, by `showPath`, where the environment has changed them. */
  readonly interpolated: ReadonlyMap<string, string>;
  locate(finding: Finding): Problem;
}

interface Place {
  readonly key?: Node;
  readonly value?: Node;
}

const id = (path: Path): string => JSON.stringify(path);

/** Turns nodes into JSON and remembers where each came from. */
class Reader {
  readonly places = new Map<string, Place>();
  readonly findings: Finding[] = [];
  readonly interpolated = new Map<string, string>();
  #nodes = 0;

  constructor(
    readonly document: Document,
    readonly environment: Environment,
  ) {}

  read(node: Node | null | undefined, path: Path): unknown {
    if (++this.#nodes > MAX_NODES || path.length > MAX_DEPTH) {
      // Said once: an alias that holds itself would say it without end.
      if (!this.findings.some(({ message }) => message.startsWith('nested')))
        this.#refuse(path.slice(0, 2), 'value', 'nested too deep, or aliases grow too large: write it out');
      return undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.document);
      if (target === undefined) this.#refuse(path, 'value', `no anchor &${node.source} stands above this alias`);
      return this.read(target, path);
    }
    if (isMap(node)) return this.#readMap(node.items as Pair<Node, Node | null>[], path);
    if (isSeq(node))
      return (node.items as Node[]).map((item, index) => this.#readAt({ value: item }, [...path, index]));
    return isScalar(node) ? this.#readScalar(node, path) : null;
  }

  #readMap(pairs: readonly Pair<Node, Node | null>[], path: Path): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    for (const { key, value } of pairs) {
      const name = isScalar(key) && key.value !== null ? String(key.value) : undefined;
      const at = [...path, name ?? '?'];
      const place = { key, ...(value === null ? {} : { value }) };
      this.places.set(id(at), place);
      if (name === undefined) this.#refuse(at, 'key', 'a key must be a plain name');
      else if (name === '<<') this.#refuse(at, 'key', 'merge keys (<<) are not accepted: write the keys out');
      else if (name === '__proto__') this.#refuse(at, 'key', 'unknown key __proto__');
      else if (isMarkedSecret(name)) this.#refuse(at, 'key', SECRET);
      else entries.push([name, this.#readAt(place, at)]);
    }
    return Object.fromEntries(entries);
  }

  #readAt(place: Place, path: Path): unknown {
    this.places.set(id(path), place);
    return this.read(place.value, path);
  }

  #readScalar({ value }: Scalar, path: Path): unknown {
    if (typeof value !== 'string') return value;
    if (isMarkedSecret(value)) this.#refuse(path, 'value', SECRET);
    if (!mayInterpolate(path)) {
      if (value.includes('${')) this.#refuse(path, 'value', NO_SECRET_FROM_ENVIRONMENT);
      return value;
    }
    const result = interpolate(value, this.environment);
    if (result.type === 'problem') this.findings.push({ path, at: 'value', ...result });
    if (result.type === 'text') this.interpolated.set(showPath(path), value);
    return result.type === 'text' ? result.text : value;
  }

  #refuse(path: Path, at: 'key' | 'value', message: string): void {
    this.findings.push({ path, at, message });
  }
}

const SECRET =
  'this looks like a secret, and secrets never stand in this file: name it under credentials and put the value in Secrets Manager or .env';
const NO_SECRET_FROM_ENVIRONMENT = `credentials are only named here, so \${…} is not accepted: the value is found in Secrets Manager or .env by that name`;

const anchorOf = ({ key, value }: Place, at: 'key' | 'value'): Node | undefined =>
  at === 'key' ? (key ?? value) : (value ?? key);

/** The nearest place that is known, from the path upwards. */
const placeOf = (places: ReadonlyMap<string, Place>, path: Path): { place: Place; exact: boolean } | undefined => {
  for (let length = path.length; length > 0; length--) {
    const place = places.get(id(path.slice(0, length)));
    if (place !== undefined) return { place, exact: length === path.length };
  }
  return undefined;
};

const startOf = (text: string, places: ReadonlyMap<string, Place>, { path, at, offset }: Finding): number => {
  const found = placeOf(places, path);
  const node = found === undefined ? undefined : anchorOf(found.place, found.exact ? at : 'key');
  const [start = 0, end = 0] = node?.range ?? [];
  if (offset === undefined || !isScalar(node) || typeof node.value !== 'string') return start;
  return start + sourceIndex(text.slice(start, end), node.value, offset);
};

const readError = (text: string, { code, message, pos: [start] }: YAMLError): string => {
  if (code === 'DUPLICATE_KEY')
    return `the key ${/^[^\s:,{}[\]]*/.exec(text.slice(start))?.[0] ?? ''} stands here twice`;
  if (text.slice(start - 1, start + 1) === '${') return `inside braces, \${NAME} needs quotes: "\${NAME}"`;
  return `not readable as YAML: ${message}`;
};

/** What YAML itself has against a text. Only the first mistake of syntax: the others follow from it. */
const errorsOf = ({ errors, warnings }: Document): readonly YAMLError[] => {
  const twice = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  return [...twice, ...errors.filter(({ code }) => code !== 'DUPLICATE_KEY').slice(0, 1), ...warnings];
};

/** Offsets count in the text as used: of no help where the environment made it another. */
const withKnownOffset = (finding: Finding, interpolated: ReadonlyMap<string, string>): Finding => {
  if (!interpolated.has(showPath(finding.path))) return finding;
  const { offset, ...rest } = finding;
  return rest;
};

/** Reads YAML 1.2. What cannot be read as such ends it; everything else becomes a finding beside the value. */
export const readYaml = (
  text: string,
  environment: Environment,
): YamlSource | { readonly problems: readonly Problem[] } => {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return { problems: [{ line: 1, column: 1, path: '', message: 'the file is larger than 1 MB' }] };

  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const position = (start: number) => {
    const { line, col } = lines.linePos(start);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors = errorsOf(document);
  if (errors.length > 0)
    return {
      problems: errors.map((error) => ({ ...position(error.pos[0]), path: '', message: readError(text, error) })),
    };

  const reader = new Reader(document, environment);
  const value = reader.read(document.contents as Node | null, []);
  return {
    value,
    findings: reader.findings,
    interpolated: reader.interpolated,
    locate: (finding) => ({
      ...position(startOf(text, reader.places, withKnownOffset(finding, reader.interpolated))),
      path: showPath(finding.path),
      message: finding.message,
    }),
  };
};
