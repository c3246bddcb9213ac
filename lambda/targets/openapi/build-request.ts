import type { CompiledOpenApiTool } from '../../../config/compiled-mcp.ts';
import type { Raw } from '../../core/mcp.ts';
import type { OutgoingRequest } from '../../providers/send.ts';
import { BadArgument } from './bad-argument.ts';
import { checkArguments } from './check-arguments.ts';
import { writeBody } from './write-body.ts';
import { writeHeaders } from './write-headers.ts';
import { writePath } from './write-path.ts';
import { writeQuery } from './write-query.ts';

/** JSON where there is a choice: only that becomes structured content. */
const ACCEPT = 'application/json, application/*+json;q=0.9, text/*;q=0.7, */*;q=0.5';

/**
 * The request that a tool's arguments make, without the credential. Scheme, host, the base path and the number of segments
 * are the policy's and the document's, whatever the arguments are.
 *
 * Errors: `BadArgument`, for the model to read.
 */
export const buildRequest = (tool: CompiledOpenApiTool, baseUrl: string, args: Raw): OutgoingRequest => {
  checkArguments(tool, args);
  const base = new URL(baseUrl);
  const root = `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
  const url = `${root}${writePath(tool.path, tool.parameters, args)}${writeQuery(tool.parameters, args)}`;
  // Whoever reads the URL after us must read the same in it: nothing may be left for a parser to tidy up.
  if (!URL.canParse(url) || new URL(url).href !== url) throw new BadArgument('the arguments make no valid address');
  const written = tool.body === undefined ? undefined : writeBody(tool.body, args);
  return {
    method: tool.method as OutgoingRequest['method'],
    url,
    headers: {
      ...writeHeaders(tool.parameters, args),
      accept: ACCEPT,
      'accept-encoding': 'identity',
      ...(written === undefined ? {} : { 'content-type': written.contentType }),
    },
    ...written?.content,
  };
};
