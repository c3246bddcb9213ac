import {
  ADDS,
  type Arguments,
  DESTROYS,
  integerOf,
  type LocalTool,
  READS,
  stringOf,
  ToolError,
  text,
} from '../tool.ts';
import type { Forge, Issue } from './forge.ts';

const REPOSITORY = text('Owner and name, such as acme/payments', 140);
const NUMBER = { type: 'integer', description: 'Number of the issue', minimum: 1, maximum: 1_000_000 } as const;
const BODY = text('The text, in Markdown', 20_000);

/** What one account may do on a forge, as tools. */
export const githubTools = (forge: Forge): readonly LocalTool[] => {
  const issuesOf = (args: Arguments): readonly Issue[] => {
    const found = forge.issues(stringOf(args, 'repository'));
    if (found === undefined) throw new ToolError('Not Found: list_repositories says which there are');
    return found;
  };
  const issueOf = (args: Arguments): Issue => {
    const number = integerOf(args, 'number', 0);
    const found = issuesOf(args).find((issue) => issue.number === number);
    if (found === undefined) throw new ToolError('Not Found: there is no issue of that number');
    return found;
  };

  return [
    {
      name: 'list_repositories',
      title: 'List repositories',
      description: 'Lists the repositories that this account can see.',
      properties: {},
      required: [],
      annotations: READS,
      run: () => ({ repositories: forge.repositories() }),
    },
    {
      name: 'list_issues',
      title: 'List issues',
      description: 'Lists the issues and pull requests of a repository, without their comments.',
      properties: { repository: REPOSITORY },
      required: ['repository'],
      annotations: READS,
      run: (args) => ({
        issues: issuesOf(args).map(({ comments, body: _, ...issue }) => ({ ...issue, comments: comments.length })),
      }),
    },
    {
      name: 'get_issue',
      title: 'Read an issue',
      description: 'Reads one issue or pull request with all of its comments.',
      properties: { repository: REPOSITORY, number: NUMBER },
      required: ['repository', 'number'],
      annotations: READS,
      run: (args) => ({ issue: issueOf(args) }),
    },
    {
      name: 'create_issue',
      title: 'Open an issue',
      description: 'Opens an issue in a repository.',
      properties: { repository: REPOSITORY, title: text('One line that says what is wrong'), body: BODY },
      required: ['repository', 'title'],
      annotations: ADDS,
      run: (args, { sub: author }) => {
        const issue = forge.add(stringOf(args, 'repository'), {
          title: stringOf(args, 'title'),
          body: stringOf(args, 'body'),
          author,
        });
        if (issue === undefined) throw new ToolError('Not Found: list_repositories says which there are');
        return { issue };
      },
    },
    {
      name: 'add_issue_comment',
      title: 'Comment on an issue',
      description: 'Adds a comment to an issue or a pull request.',
      properties: { repository: REPOSITORY, number: NUMBER, body: BODY },
      required: ['repository', 'number', 'body'],
      annotations: ADDS,
      run: (args, { sub: author }) => {
        const issue = issueOf(args);
        const changed = { ...issue, comments: [...issue.comments, { author, body: stringOf(args, 'body') }] };
        forge.replace(changed);
        return { issue: changed };
      },
    },
    {
      name: 'merge_pull_request',
      title: 'Merge a pull request',
      description: 'Merges a pull request into the branch that goes live.',
      properties: { repository: REPOSITORY, number: NUMBER },
      required: ['repository', 'number'],
      annotations: DESTROYS,
      run: (args) => {
        const issue = issueOf(args);
        if (!issue.pullRequest || issue.state !== 'open') throw new ToolError('That is no open pull request.');
        forge.replace({ ...issue, state: 'merged' });
        return { merged: true };
      },
    },
    {
      name: 'delete_repository',
      title: 'Delete a repository',
      description: 'Removes a repository with everything in it. It cannot be brought back.',
      properties: { repository: REPOSITORY },
      required: ['repository'],
      annotations: DESTROYS,
      run: (args) => {
        if (!forge.remove(stringOf(args, 'repository')))
          throw new ToolError('Not Found: list_repositories says which there are');
        return { deleted: true };
      },
    },
  ];
};
