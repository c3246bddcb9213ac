export interface Repository {
  readonly name: string;
  readonly description: string;
}

export interface Comment {
  readonly author: string;
  readonly body: string;
}

export interface Issue {
  readonly number: number;
  readonly repository: string;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly pullRequest: boolean;
  readonly author: string;
  readonly comments: readonly Comment[];
}

/** Repositories and their issues, pull requests among them, in memory. */
export interface Forge {
  repositories(): readonly Repository[];
  issues(repository: string): readonly Issue[] | undefined;
  add(repository: string, issue: Pick<Issue, 'title' | 'body' | 'author'>): Issue | undefined;
  replace(issue: Issue): void;
  remove(repository: string): boolean;
}

const REPOSITORIES: readonly Repository[] = [
  { name: 'acme/payments', description: 'Takes money' },
  { name: 'acme/website', description: 'What customers see' },
];

const ISSUES: readonly Issue[] = [
  {
    number: 1,
    repository: 'acme/payments',
    title: 'Invoices are slow since 4.2',
    body: 'A page of invoices takes eleven seconds. It was one.',
    state: 'open',
    pullRequest: false,
    author: 'rita',
    comments: [{ author: 'jane-acme', body: 'The index on customer is not used any more.' }],
  },
  {
    number: 2,
    repository: 'acme/payments',
    title: 'Use the index on customer again',
    body: 'Mends #1.',
    state: 'open',
    pullRequest: true,
    author: 'jane-acme',
    comments: [],
  },
  {
    number: 1,
    repository: 'acme/website',
    title: 'The footer says 2025',
    body: 'It is 2026.',
    state: 'closed',
    pullRequest: false,
    author: 'max',
    comments: [],
  },
];

export const openForge = (): Forge => {
  const repositories = new Map(REPOSITORIES.map((repository) => [repository.name, repository]));
  let issues = [...ISSUES];
  const of = (repository: string): Issue[] => issues.filter((issue) => issue.repository === repository);
  return {
    repositories: () => [...repositories.values()],
    issues: (repository) => (repositories.has(repository) ? of(repository) : undefined),
    add: (repository, { title, body, author }) => {
      if (!repositories.has(repository)) return undefined;
      const number = 1 + Math.max(0, ...of(repository).map((issue) => issue.number));
      const added: Issue = { number, repository, title, body, state: 'open', pullRequest: false, author, comments: [] };
      issues.push(added);
      return added;
    },
    replace: (changed) => {
      issues = issues.map((issue) =>
        issue.repository === changed.repository && issue.number === changed.number ? changed : issue,
      );
    },
    remove: (repository) => {
      issues = issues.filter((issue) => issue.repository !== repository);
      return repositories.delete(repository);
    },
  };
};
