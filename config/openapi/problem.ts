/** What is wrong with a document. `at` is a JSON pointer into it, or names an operation or an option. */
export interface OpenApiProblem {
  readonly at: string;
  readonly message: string;
}

const MOST_SHOWN = 20;

const toText = ({ at, message }: OpenApiProblem): string => (at === '' ? message : `${at}: ${message}`);

/** A document that can't become tools. The message is every problem, one a line. */
export class OpenApiError extends Error {
  override readonly name = 'OpenApiError';

  constructor(readonly problems: readonly OpenApiProblem[]) {
    const more = problems.length - MOST_SHOWN;
    super(
      [
        ...problems.slice(0, MOST_SHOWN).map(toText),
        ...(more > 0 ? [`and ${more} more problems like these`] : []),
      ].join('\n'),
    );
  }
}

export const problem = (at: string, message: string): OpenApiError => new OpenApiError([{ at, message }]);
