/** Who asks, as far as the server has checked it. */
export interface Caller {
  readonly sub: string;
  /** The client that acts for the person, where the token names one. */
  readonly actor?: string;
}

export type Arguments = Readonly<Record<string, unknown>>;

/** One tool of a server: how it is listed, and what it does. */
export interface LocalTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Properties of the arguments as JSON Schema; all of them strings or integers. */
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly annotations: Readonly<Record<string, boolean>>;
  /** Answers the structured result. Errors: `ToolError` with a sentence for the model. */
  readonly run: (args: Arguments, caller: Caller) => Readonly<Record<string, unknown>>;
}

export type Property = {
  readonly type: 'string' | 'integer';
  readonly description: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** What a model can mend: a channel that is not there, an argument of the wrong kind. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

export const READS = { readOnlyHint: true, openWorldHint: false } as const;
export const ADDS = { readOnlyHint: false, destructiveHint: false, openWorldHint: false } as const;
export const DESTROYS = { readOnlyHint: false, destructiveHint: true, openWorldHint: false } as const;

export const text = (description: string, maxLength = 200): Property => ({
  type: 'string',
  description,
  minLength: 1,
  maxLength,
});

export const count = (description: string): Property => ({ type: 'integer', description, minimum: 1, maximum: 100 });

/** The value of a required argument, or of one that is there: `checkArguments` has seen to its kind. */
export const stringOf = (args: Arguments, name: string): string => String(args[name] ?? '');

export const integerOf = (args: Arguments, name: string, otherwise: number): number => Number(args[name] ?? otherwise);

/** Says what is wrong with the first argument that does not fit. */
export const checkArguments = ({ properties, required }: LocalTool, args: Arguments): string | undefined => {
  const missing = required.find((name) => args[name] === undefined);
  if (missing !== undefined) return `${missing} is required`;
  for (const [name, value] of Object.entries(args)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined)
      return `there is no argument of that name; there are ${Object.keys(properties).join(', ')}`;
    const wrong = property.type === 'string' ? wrongText(property, value) : wrongInteger(property, value);
    if (wrong !== undefined) return `${name} must be ${wrong}`;
  }
  return undefined;
};

const wrongText = ({ minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Property, value: unknown) =>
  typeof value === 'string' && value.length >= minLength && value.length <= maxLength
    ? undefined
    : `a text of ${minLength} to ${maxLength} characters`;

const wrongInteger = (
  { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }: Property,
  value: unknown,
) =>
  Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum
    ? undefined
    : `a whole number from ${minimum} to ${maximum}`;
