/** What stands between `{{` and `}}`, apart from `claims.<path>`. */
const PLACEHOLDERS = ['principal.sub', 'principal.clientId', 'principal.roles', 'date', 'route'] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];

export type TemplatePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'value'; readonly name: Placeholder }
  /** A claim, or a path to one with dots between. */
  | { readonly type: 'claim'; readonly path: string };

/** A placeholder that nobody fills. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';

  constructor(
    message: string,
    /** Characters into the text. */
    readonly offset: number,
  ) {
    super(message);
  }
}

const CLAIM = /^claims\.([^\s.{}]+(?:\.[^\s.{}]+)*)$/;

const partOf = (name: string, offset: number): TemplatePart => {
  const known = PLACEHOLDERS.find((one) => one === name);
  if (known !== undefined) return { type: 'value', name: known };
  const claim = CLAIM.exec(name)?.[1];
  if (claim !== undefined) return { type: 'claim', path: claim };
  throw new TemplateError(
    `no placeholder {{${name.slice(0, 64)}}}: accepted are ${PLACEHOLDERS.join(', ')} and claims.<name>`,
    offset,
  );
};

/**
 * A text cut at its placeholders. Cut before any value is known, so that a value which looks like a placeholder is text.
 *
 * Errors: `TemplateError` for a placeholder that nobody fills.
 */
export const parseTemplate = (text: string): readonly TemplatePart[] => {
  const parts: TemplatePart[] = [];
  let done = 0;
  const literal = (end: number): void => {
    if (end > done) parts.push({ type: 'text', text: text.slice(done, end) });
  };
  for (const { 0: whole, 1: name = '', index } of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    literal(index);
    parts.push(partOf(name.trim(), index));
    done = index + whole.length;
  }
  literal(text.length);
  return parts;
};

/** Names of claims that a text reads. A name with dots in it may be a name or a path: both. */
export const claimsInTemplate = (text: string): readonly string[] =>
  parseTemplate(text).flatMap((part) => {
    if (part.type !== 'claim') return [];
    const [first = ''] = part.path.split('.');
    return [...new Set([first, part.path])];
  });
